import { parseArgs } from 'node:util';
import { describeMachine } from './machine.js';
import { isValid, type Outcome } from './outcome.js';
import { FULL, QUICK, type Plan } from './plan.js';
import { makeReport, saveReport, toMarkdown } from './report.js';
import { measure } from './scenario.js';
import { subjectName, SUBJECTS, type Subject } from './subjects.js';

const USAGE = `npm run bench [-- options]
  --full             longer: 3 interleaved repetitions, more windows, 5,000 idle connections
  --only <text>      only subjects whose name contains it, any of several separated by commas: "clarion", "sse", "rooms"
  --subscribers <n>  of the one topic
  --repetitions <n>
Exit code: 1 when any run was not complete and in order, 2 when the options mean nothing.`;

process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));
process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const options = readOptions();
    if (!options.help) return await bench(options);
    console.log(USAGE);
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
}

async function bench({ plan, subjects }: Options): Promise<number> {
  const started = new Date();
  const machine = describeMachine();
  const outcomes = await measureAll(plan, subjects);
  const report = makeReport(
    {
      date: started.toISOString(),
      command: ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' '),
      seconds: (Date.now() - started.getTime()) / 1_000,
      plan,
      machine,
    },
    outcomes,
  );
  console.log(`\n${toMarkdown(report)}\n\n${saveReport(report)}`);
  return outcomes.every(isValid) ? 0 : 1;
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
      help: { type: 'boolean', default: false },
    },
  });
  const plan = values.full ? FULL : QUICK;
  const subscribers = countOf(values.subscribers, plan.subscribers);
  const repetitions = countOf(values.repetitions, plan.repetitions);
  return { help: values.help, plan: { ...plan, subscribers, repetitions }, subjects: subjectsNamed(values.only) };
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
