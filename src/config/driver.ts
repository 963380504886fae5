import type { DynamicModule } from '@nestjs/common';
import type { z } from 'zod';
import { readSection, type Environment, type Reading } from './section.js';
import { variablesOf, type Variable } from './variable.js';

/** One choice of a store, bus or gateway: its variables, and the module that they configure. */
export interface Driver {
  readonly variables: readonly Variable[];
  configure(environment: Environment): Reading<DynamicModule>;
}

/** Loads a driver's library, so that one that was not chosen costs nothing. */
export type DriverLoader = () => Promise<Driver>;

/** Everything that can be chosen, by the name that the configuration uses. */
export interface DriverTable {
  readonly stores: Readonly<Record<string, DriverLoader>>;
  readonly buses: Readonly<Record<string, DriverLoader>>;
  readonly gateways: Readonly<Record<string, DriverLoader>>;
}

/** Binds a library's schema to its module. */
export function driver<S extends z.ZodObject>(schema: S, toModule: (config: z.output<S>) => DynamicModule): Driver {
  return {
    variables: variablesOf(schema),
    configure(environment) {
      const reading = readSection(schema, environment);
      return reading.ok ? { ok: true, value: toModule(reading.value) } : reading;
    },
  };
}

/** Every driver there is, loaded; for the reference and for telling a typo from another driver's variable. */
export function loadAll({ stores, buses, gateways }: DriverTable): Promise<Driver[]> {
  const loaders = [stores, buses, gateways].flatMap((drivers) => Object.values(drivers));
  return Promise.all(loaders.map((load) => load()));
}
