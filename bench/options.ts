import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { FloodPlan } from './flood/flood.js';
import type { PeoplePlan } from './people/people.js';
import { FULL, QUICK, SCENARIO_NAMES, SOLO_NAMES, type Plan } from './plan.js';
import type { StormPlan } from './storm/storm.js';
import { subjectName, SUBJECTS } from './subjects.js';
import type { Subject } from './subjects/subject.js';

export const USAGE = `npm run bench [-- options]
  --full             everything, 3 interleaved repetitions, up to 10,000 subscribers: about 40 minutes
  --scenario <name>  only these, separated by commas: ${[...SCENARIO_NAMES, ...SOLO_NAMES].join(', ')}
  --only <text>      only servers whose name contains it, any of several separated by commas: "clarion", "sse", "nchan"
  --subscribers <n>  of the one topic
  --repetitions <n>
  --store            only the log on SQLite, without a server
  --chart            writes the chart to bench/chart.svg too
or, instead of all that, how Clarion takes it when everybody returns at once after a SIGKILL:
  --storm            10,000 clients of one topic over mixed transports, about two minutes
  --connections <n>
  --topics <n>       over which the clients are spread
  --cold             the server keeps little in memory: what was missed must come from the log
  --profile <dir>    the server writes a CPU profile there
or how it takes more than it can:
  --flood            five times its capacity for a minute, over 2,000 connections
  --connections <n>
  --seconds <n>
or what inboxes and receipts cost:
  --people           1,000 people connected and 100,000 followers away, about two minutes
  --connections <n>
  --seconds <n>
  --repetitions <n>
Exit code: 1 when Clarion lost, repeated or reordered anything durable, or has no figure; 2 when the options mean nothing.`;

/** What the command line asks for. */
export interface Options {
  readonly help: boolean;
  readonly plan: Plan;
  readonly subjects: readonly Subject[];
  readonly chart: boolean;
  /** Null: no storm, but the comparison. */
  readonly storm: StormPlan | null;
  /** Null: no flood. */
  readonly flood: FloodPlan | null;
  /** Null: nothing of people. */
  readonly people: PeoplePlan | null;
}

/** The storm that the issue asks for. */
export const STORM: StormPlan = {
  connections: 10_000,
  topics: 1,
  missed: 100,
  foreignPerSecond: 1_000,
  cold: false,
  profileDir: null,
};

/** The flood that the issue asks for. */
export const FLOOD: FloodPlan = { connections: 2_000, factor: 5, durationMs: 60_000, capacityMs: 4_000 };

/** What the issue asks of inboxes. */
export const PEOPLE: PeoplePlan = { connected: 1_000, away: 100_000, durationMs: 4_000, repetitions: 3 };

/** @throws {RangeError | TypeError} when an option is unknown or means nothing ({@link isUsageError}). */
export function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      full: { type: 'boolean', default: false },
      scenario: { type: 'string' },
      only: { type: 'string', default: '' },
      subscribers: { type: 'string' },
      repetitions: { type: 'string' },
      store: { type: 'boolean', default: false },
      chart: { type: 'boolean', default: false },
      storm: { type: 'boolean', default: false },
      connections: { type: 'string' },
      topics: { type: 'string' },
      cold: { type: 'boolean', default: false },
      flood: { type: 'boolean', default: false },
      people: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const plan = values.full ? FULL : QUICK;
  return {
    help: values.help,
    plan: {
      ...plan,
      ...partsNamed(plan, values.store ? 'store' : values.scenario),
      subscribers: countOf(values.subscribers, plan.subscribers),
      repetitions: countOf(values.repetitions, plan.repetitions),
    },
    subjects: subjectsNamed(values.only),
    chart: values.chart,
    storm: values.storm
      ? {
          ...STORM,
          connections: countOf(values.connections, STORM.connections),
          topics: countOf(values.topics, STORM.topics),
          cold: values.cold,
          profileDir: values.profile === undefined ? null : resolve(values.profile),
        }
      : null,
    flood: values.flood
      ? {
          ...FLOOD,
          connections: countOf(values.connections, FLOOD.connections),
          durationMs: countOf(values.seconds, FLOOD.durationMs / 1_000) * 1_000,
        }
      : null,
    people: values.people
      ? {
          ...PEOPLE,
          connected: countOf(values.connections, PEOPLE.connected),
          durationMs: countOf(values.seconds, PEOPLE.durationMs / 1_000) * 1_000,
          repetitions: countOf(values.repetitions, PEOPLE.repetitions),
        }
      : null,
  };
}

/** Whether the error tells of options that mean nothing. */
export function isUsageError(error: unknown): error is Error {
  return error instanceof RangeError || (error instanceof TypeError && 'code' in error && isParseArgsCode(error.code));
}

function partsNamed(plan: Plan, names: string | undefined): Pick<Plan, 'scenarios' | 'solos'> {
  if (names === undefined) return plan;
  const wanted = names.split(',');
  const all = new Set<string>([...SCENARIO_NAMES, ...SOLO_NAMES]);
  const unknown = wanted.find((name) => !all.has(name));
  if (unknown !== undefined) throw new RangeError(`no scenario is called "${unknown}"`);
  return {
    scenarios: SCENARIO_NAMES.filter((name) => wanted.includes(name)),
    solos: SOLO_NAMES.filter((name) => wanted.includes(name)),
  };
}

function countOf(text: string | undefined, otherwise: number): number {
  const count = Number(text ?? otherwise);
  if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`not a count: ${text}`);
  return count;
}

function subjectsNamed(only: string): readonly Subject[] {
  const parts = only.toLowerCase().split(',');
  const chosen = SUBJECTS.filter((subject) => parts.some((part) => subjectName(subject).toLowerCase().includes(part)));
  if (chosen.length === 0) throw new RangeError(`no subject's name contains "${only}"`);
  return chosen;
}

function isParseArgsCode(code: unknown): boolean {
  return typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS');
}
