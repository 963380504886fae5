import type { Machine } from '../machine.js';
import { summarise } from '../statistics.js';
import type { PeoplePlan, PeopleRecord, PeopleRound, PublishCost } from './people.js';

/** Everything that was measured of people. */
export interface PeopleReport {
  /** When it began, ISO 8601. */
  readonly date: string;
  /** What repeats it. */
  readonly command: string;
  readonly plan: PeoplePlan;
  readonly machine: Machine;
  readonly record: PeopleRecord;
  readonly isComplete: boolean;
}

const LINES: readonly (readonly [string, (round: PeopleRound) => PublishCost])[] = [
  ['to a topic, followers connected alone', ({ followed }) => followed.few],
  ['to a topic, and followers away', ({ followed }) => followed.many],
  ['to topics of one reader each', ({ named }) => named.topics],
  ['to people by name, with receipts', ({ named }) => named.users],
];

export function makePeopleReport(facts: Omit<PeopleReport, 'isComplete'>): PeopleReport {
  const costs = facts.record.rounds.flatMap((round) => LINES.map(([, of]) => of(round)));
  return { ...facts, isComplete: costs.every(({ faults }) => faults.length === 0) };
}

/** The report as Markdown. */
export function peopleMarkdown({ date, command, plan, machine, record }: PeopleReport): string {
  const { rounds, rows } = record;
  const head = `\`${command}\`, ${date}: ${plan.connected} connected, ${plan.away} followers away, ${plan.repetitions} rounds of ${plan.durationMs / 1_000} s; ${machine.cores} cores, load before ${machine.loadBefore.toFixed(1)}, Node ${machine.node}, commit ${machine.commit ?? 'unknown'}.`;
  const table = LINES.map(([name, of]) => {
    const costs = rounds.map(of);
    const faults = costs.flatMap((cost) => cost.faults);
    return `| ${name} | ${medianOf(costs.map((cost) => cost.perSecond))} | ${medianOf(costs.map((cost) => cost.cpuMicros))} | ${faults.length === 0 ? 'none' : faults.join('; ')} |`;
  });
  return [
    head,
    ['| publishes | per second | server CPU µs each | faults |', '|---|---:|---:|---|', ...table].join('\n'),
    `CPU of a publish with followers away: ${ratioOf(rounds, ({ followed }) => followed.many.cpuMicros / followed.few.cpuMicros)} of one without. By name, with receipts: ${ratioOf(rounds, ({ named }) => named.users.cpuMicros / named.topics.cpuMicros)} of one to a topic with one reader.`,
    `Rows that 100 publishes add: ${rows.few} with the followers connected alone, ${rows.many} with those away.`,
  ].join('\n\n');
}

function medianOf(values: readonly number[]): string {
  const summary = summarise(values);
  return summary === null ? '–' : Math.round(summary.median).toLocaleString('en');
}

function ratioOf(rounds: readonly PeopleRound[], of: (round: PeopleRound) => number): string {
  return summarise(rounds.map(of))?.median.toFixed(2) ?? '–';
}
