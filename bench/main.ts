import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from './machine.js';
import { isValid, type Outcome } from './outcome.js';
import { FULL, QUICK, type Plan } from './plan.js';
import { makeReport, saveReport, toMarkdown } from './report.js';
import { measure } from './scenario.js';
import { figuresOf } from './storm/storm-figures.js';
import { makeStormReport, stormMarkdown } from './storm/storm-report.js';
import { storm, type StormPlan } from './storm/storm.js';
import { subjectName, SUBJECTS, type Subject } from './subjects.js';

const USAGE = `npm run bench [-- options]
  --full             longer: 3 interleaved repetitions, more windows, 5,000 idle connections
  --only <text>      only subjects whose name contains it, any of several separated by commas: "clarion", "sse", "rooms"
  --subscribers <n>  of the one topic
  --repetitions <n>
or, instead of all that, how Clarion takes it when everybody returns at once after a SIGKILL:
  --storm            10,000 clients of one topic over mixed transports, about a minute
  --connections <n>
  --topics <n>       over which the clients are spread
  --cold             the server keeps little in memory: what was missed must come from the log
  --profile <dir>    the server writes a CPU profile there
Exit code: 1 when any run was not complete and in order, 2 when the options mean nothing.`;

process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));
process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const options = readOptions();
    if (options.help) console.log(USAGE);
    else return await (options.storm === null ? bench(options) : weather(options.storm));
    return 0;
  } catch (error) {
    if (!isUsageError(error)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
}

interface Options {
  readonly help: boolean;
  readonly plan: Plan;
  readonly subjects: readonly Subject[];
  /** Null: no storm, but the comparison. */
  readonly storm: StormPlan | null;
}

async function weather(plan: StormPlan): Promise<number> {
  const date = new Date().toISOString();
  const machine = describeMachine();
  console.error(`${plan.connections} clients gather, are cut off, and return …`);
  const report = makeStormReport({ date, command: ownCommand(), plan, machine }, figuresOf(await storm(plan)));
  console.log(`\n${stormMarkdown(report)}\n\n${saveReport(report, 'storm')}`);
  return report.isComplete ? 0 : 1;
}

async function bench({ plan, subjects }: Options): Promise<number> {
  const started = new Date();
  const machine = describeMachine();
  const outcomes = await measureAll(plan, subjects);
  const report = makeReport(
    {
      date: started.toISOString(),
      command: ownCommand(),
      seconds: (Date.now() - started.getTime()) / 1_000,
      plan,
      machine,
    },
    outcomes,
  );
  console.log(`\n${toMarkdown(report)}\n\n${saveReport(report, plan.name)}`);
  return outcomes.every(isValid) ? 0 : 1;
}

/** What repeats this call. */
function ownCommand(): string {
  return ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' ');
}

/** Interleaved: every round visits each server once, so that what disturbs the machine for a while disturbs all. */
async function measureAll(plan: Plan, subjects: readonly Subject[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let repetition = 1; repetition <= plan.repetitions; repetition++) {
    for (const subject of subjects) {
      console.error(`${repetition}/${plan.repetitions}  ${subjectName(subject)} …`);
      outcomes.push(await outcomeOf(subject, plan, repetition));
    }
  }
  return outcomes;
}

async function outcomeOf(subject: Subject, plan: Plan, repetition: number): Promise<Outcome> {
  const { server, transport } = subject;
  try {
    return { server, transport, repetition, figures: await measure(subject, plan), error: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.error(`   not valid: ${reason}`);
    return { server, transport, repetition, figures: null, error: reason };
  }
}

/** @throws {RangeError | TypeError} when an option is unknown or means nothing ({@link isUsageError}). */
function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      full: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      subscribers: { type: 'string' },
      repetitions: { type: 'string' },
      storm: { type: 'boolean', default: false },
      connections: { type: 'string' },
      topics: { type: 'string' },
      cold: { type: 'boolean', default: false },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const plan = values.full ? FULL : QUICK;
  const subscribers = countOf(values.subscribers, plan.subscribers);
  const repetitions = countOf(values.repetitions, plan.repetitions);
  return {
    help: values.help,
    plan: { ...plan, subscribers, repetitions },
    subjects: subjectsNamed(values.only),
    storm: values.storm ? stormPlan(values) : null,
  };
}

/** The storm that the issue asks for, unless the options say otherwise. */
function stormPlan(values: {
  readonly connections?: string;
  readonly topics?: string;
  readonly cold: boolean;
  readonly profile?: string;
}): StormPlan {
  return {
    connections: countOf(values.connections, 10_000),
    topics: countOf(values.topics, 1),
    missed: 10,
    foreignPerSecond: 1_000,
    cold: values.cold,
    profileDir: values.profile === undefined ? null : resolve(values.profile),
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

function isUsageError(error: unknown): error is Error {
  return error instanceof RangeError || (error instanceof TypeError && 'code' in error && isParseArgsCode(error.code));
}

function isParseArgsCode(code: unknown): boolean {
  return typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS');
}
