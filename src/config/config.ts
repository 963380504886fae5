import type { DynamicModule } from '@nestjs/common';
import { accessConfigSchema, limitsConfigSchema, type AccessConfig, type LimitsConfig } from '#clarion/access';
import { notificationsConfigSchema, type NotificationsConfig } from '#clarion/notifications';
import { realtimeConfigSchema, type RealtimeConfig } from '#clarion/realtime';
import type { GatewayChoice } from '../clarion.module.js';
import { ConfigError } from './config-error.js';
import { loadAll, type DriverLoader, type DriverTable } from './driver.js';
import { completeEnvironment } from './local-credentials.js';
import { readSection, type ConfigProblem, type Environment, type Reading } from './section.js';
import { serverConfigSchema, withDefaultsOf, type ServerConfig } from './server.config.js';
import { variablesOf } from './variable.js';

/** Everything that was configured: parsed once, never changed. */
export interface Config {
  readonly server: ServerConfig;
  readonly access: AccessConfig;
  readonly limits: LimitsConfig;
  readonly notifications: NotificationsConfig;
  readonly realtime: RealtimeConfig;
  /** The chosen drivers, configured. */
  readonly store: DynamicModule;
  readonly bus: DynamicModule;
  readonly gateways: readonly GatewayChoice[];
  readonly channels: readonly DynamicModule[];
  /** The file that the API key was taken from; undefined when the environment gave it. */
  readonly keyFile: string | undefined;
}

/** What every start needs, whatever drivers it chooses. */
export const COMMON_SCHEMAS = [
  accessConfigSchema,
  limitsConfigSchema,
  notificationsConfigSchema,
  realtimeConfigSchema,
] as const;

/**
 * Reads the whole configuration. Outside production missing credentials are taken from the data directory, or made and kept
 * there once all else is right.
 * @throws {ConfigError} naming every variable that is wrong, missing or unknown.
 */
export async function loadConfig(given: Environment, drivers: DriverTable): Promise<Config> {
  const { environment, keyFile, save } = await completeEnvironment(given);
  const server = readSection(serverConfigSchema(drivers), environment);
  const access = readSection(accessConfigSchema, environment);
  const limits = readSection(limitsConfigSchema, environment);
  const notifications = readSection(notificationsConfigSchema, environment);
  const realtime = readSection(realtimeConfigSchema, environment);
  const chosen = server.ok ? await chooseDrivers(server.value, drivers, environment) : undefined;
  const readings = [server, access, limits, notifications, realtime, ...(chosen?.all ?? [])];
  const problems = [...readings.flatMap(problemsOf), ...(await unknownVariables(environment, drivers))];
  if (problems.length > 0 || chosen === undefined) throw new ConfigError(withoutRepeats(problems));

  await save();
  return Object.freeze({
    server: withDefaultsOf(valueOf(server)),
    access: valueOf(access),
    limits: valueOf(limits),
    notifications: valueOf(notifications),
    realtime: valueOf(realtime),
    store: valueOf(chosen.store),
    bus: valueOf(chosen.bus),
    gateways: chosen.gateways.map(valueOf),
    channels: chosen.channels.map(valueOf),
    keyFile,
  });
}

async function chooseDrivers(
  { store, bus, gateways, channels }: { store: string; bus: string; gateways: string[]; channels: string[] },
  drivers: DriverTable,
  environment: Environment,
) {
  const chosen = {
    store: await configure(store, drivers.stores, environment),
    bus: await configure(bus, drivers.buses, environment),
    gateways: await Promise.all(gateways.map((name) => configure(name, drivers.gateways, environment))),
    channels: await Promise.all(channels.map((name) => configure(name, drivers.channels, environment))),
  };
  return { ...chosen, all: [chosen.store, chosen.bus, ...chosen.gateways, ...chosen.channels] };
}

/** Precondition: the name was parsed as one of these drivers'. */
async function configure<T>(
  name: string,
  drivers: Readonly<Record<string, DriverLoader<T>>>,
  environment: Environment,
): Promise<Reading<T>> {
  const load = drivers[name];
  if (load === undefined) throw new Error(`there is no driver ${name}`);
  return (await load()).configure(environment);
}

/** A misspelt variable would otherwise be a silent default. Other drivers are asked for theirs only when one is not known. */
async function unknownVariables(environment: Environment, drivers: DriverTable): Promise<ConfigProblem[]> {
  const known = new Set([serverConfigSchema(drivers), ...COMMON_SCHEMAS].flatMap(variablesOf).map(({ env }) => env));
  const strange = Object.keys(environment).filter((name) => name.startsWith('CLARION_') && !known.has(name));
  if (strange.length === 0) return [];
  const all = await loadAll(drivers);
  for (const { env } of all.flatMap(({ variables }) => variables)) known.add(env);
  return strange.filter((name) => !known.has(name)).map((env) => ({ env, detail: 'there is no such variable' }));
}

function problemsOf(reading: Reading<unknown>): readonly ConfigProblem[] {
  return reading.ok ? [] : reading.problems;
}

function valueOf<T>(reading: Reading<T>): T {
  if (!reading.ok) throw new ConfigError(reading.problems);
  return reading.value;
}

/** Two libraries may read one variable, and then complain twice. */
function withoutRepeats(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...new Map(problems.map((problem) => [`${problem.env}: ${problem.detail}`, problem])).values()];
}
