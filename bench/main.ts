import { chartOf } from './chart.js';
import { figuresOf as floodFiguresOf } from './flood/flood-figures.js';
import { floodMarkdown, makeFloodReport } from './flood/flood-report.js';
import { flood, type FloodPlan } from './flood/flood.js';
import { describeMachine } from './machine.js';
import { toMarkdown } from './markdown.js';
import { measureAll } from './measure-all.js';
import { isUsageError, readOptions, STORM, USAGE, type Options } from './options.js';
import type { Outcome } from './outcome.js';
import { makePeopleReport, peopleMarkdown } from './people/people-report.js';
import { measurePeople, type PeoplePlan } from './people/people.js';
import type { Plan, SoloName } from './plan.js';
import { makeReport, saveChart, saveReport, type Solos } from './report.js';
import { measureStore } from './store/store-figures.js';
import { figuresOf, isComplete } from './storm/storm-figures.js';
import { makeStormReport, stormMarkdown } from './storm/storm-report.js';
import { storm, type StormPlan } from './storm/storm.js';
import { subjectName } from './subjects.js';

process.on('SIGHUP', () => process.exit(129));
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));
process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const options = readOptions();
    if (options.help) console.log(USAGE);
    else if (options.flood !== null) return await highWater(options.flood);
    else if (options.people !== null) return await everybody(options.people);
    else return await (options.storm === null ? bench(options) : weather(options.storm));
    return 0;
  } catch (error) {
    if (!isUsageError(error)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
}

async function weather(plan: StormPlan): Promise<number> {
  const date = new Date().toISOString();
  const machine = describeMachine();
  console.error(`${plan.connections} clients gather, are cut off, and return …`);
  const report = makeStormReport({ date, command: ownCommand(), plan, machine }, figuresOf(await storm(plan)));
  console.log(`\n${stormMarkdown(report)}\n\n${saveReport(report, 'storm')}`);
  return report.isComplete ? 0 : 1;
}

async function highWater(plan: FloodPlan): Promise<number> {
  const date = new Date().toISOString();
  const machine = describeMachine();
  console.error(`${plan.connections} connections publish ${plan.factor} times what the server can take …`);
  const report = makeFloodReport({ date, command: ownCommand(), plan, machine }, floodFiguresOf(await flood(plan)));
  console.log(`\n${floodMarkdown(report)}\n\n${saveReport(report, 'flood')}`);
  return report.isComplete ? 0 : 1;
}

async function everybody(plan: PeoplePlan): Promise<number> {
  const date = new Date().toISOString();
  const machine = describeMachine();
  const record = await measurePeople(plan, tell);
  const report = makePeopleReport({ date, command: ownCommand(), plan, machine, record });
  console.log(`\n${peopleMarkdown(report)}\n\n${saveReport(report, 'people')}`);
  return report.isComplete ? 0 : 1;
}

async function bench({ plan, subjects, chart }: Options): Promise<number> {
  const started = new Date();
  const machine = describeMachine();
  const present = subjects.filter(({ program }) => program.missing() === null);
  const missing = subjects
    .filter((subject) => !present.includes(subject))
    .map((subject) => `${subjectName(subject)}, since ${subject.program.missing()} is not installed`);
  const outcomes = plan.scenarios.length === 0 ? [] : await measureAll(plan, present, tell);
  const alone = await measureSolos(plan);
  const report = makeReport(
    {
      date: started.toISOString(),
      command: ownCommand(),
      seconds: (Date.now() - started.getTime()) / 1_000,
      plan,
      machine,
      missing: [...missing, ...alone.failures],
      solos: alone.solos,
    },
    outcomes,
  );
  const picture = chartOf(report);
  const file = saveReport(report, plan.name);
  if (picture !== null) saveChart(picture, file, chart);
  console.log(`\n${toMarkdown(report)}\n\n${file}`);
  return isSound(outcomes, alone) ? 0 : 1;
}

/** What fails is told, and does not cost the figures that have been measured before it. */
async function measureSolos(plan: Plan): Promise<{ readonly solos: Solos; readonly failures: readonly string[] }> {
  const failures: string[] = [];
  const measured = async <T>(name: SoloName, measure: () => Promise<T>): Promise<T | null> => {
    if (!plan.solos.includes(name)) return null;
    tell(name);
    try {
      return await measure();
    } catch (error) {
      failures.push(`${name}, since it failed: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  };
  const store = await measured('store', () => measureStore(plan));
  const afterwards = await measured('storm', async () => figuresOf(await storm(STORM)));
  return { solos: { store, storm: afterwards }, failures };
}

/** Whether Clarion has figures, and lost nothing that it promised to keep. */
function isSound(outcomes: readonly Outcome[], { solos, failures }: Awaited<ReturnType<typeof measureSolos>>): boolean {
  return outcomes.every(isSoundOutcome) && failures.length === 0 && (solos.storm === null || isComplete(solos.storm));
}

/** Others may lose messages, and ephemeral ones may be lost: then such a run has no figure, which the report tells. */
function isSoundOutcome({ server, error, faults }: Outcome): boolean {
  if (!server.startsWith('Clarion')) return true;
  return error === null && (faults.length === 0 || server === 'Clarion ephemeral');
}

function tell(text: string): void {
  console.error(`${text} …`);
}

/** What repeats this call. */
function ownCommand(): string {
  return ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' ');
}
