import type { DynamicModule } from '@nestjs/common';
import type { z } from 'zod';
import type { GatewayChoice } from '../clarion.module.js';
import { readSection, type Environment, type Reading } from './section.js';
import { variablesOf, type Variable } from './variable.js';

/** One choice of a store, bus, gateway or channel: its variables, and what they configure. */
export interface Driver<T> {
  readonly variables: readonly Variable[];
  configure(environment: Environment): Reading<T>;
}

/** Loads a driver's library, so that one that was not chosen costs nothing. */
export type DriverLoader<T> = () => Promise<Driver<T>>;

/** Everything that can be chosen, by the name that the configuration uses. */
export interface DriverTable {
  readonly stores: Readonly<Record<string, DriverLoader<DynamicModule>>>;
  readonly buses: Readonly<Record<string, DriverLoader<DynamicModule>>>;
  readonly gateways: Readonly<Record<string, DriverLoader<GatewayChoice>>>;
  readonly channels: Readonly<Record<string, DriverLoader<DynamicModule>>>;
}

/** Binds a library's schema to what it configures. */
export function driver<S extends z.ZodObject, T>(schema: S, configured: (config: z.output<S>) => T): Driver<T> {
  return {
    variables: variablesOf(schema),
    configure(environment) {
      const reading = readSection(schema, environment);
      return reading.ok ? { ok: true, value: configured(reading.value) } : reading;
    },
  };
}

/** Every driver there is, loaded; for the reference and for telling a typo from another driver's variable. */
export function loadAll({ stores, buses, gateways, channels }: DriverTable): Promise<Driver<unknown>[]> {
  const loaders: DriverLoader<unknown>[] = [stores, buses, gateways, channels].flatMap((drivers) =>
    Object.values(drivers),
  );
  return Promise.all(loaders.map((load) => load()));
}
