import type { Machine } from '../machine.js';
import {
  isComplete,
  targetsOf,
  type ResidentMiB,
  type ReturnLine,
  type Spread,
  type StormFigures,
  type Target,
} from './storm-figures.js';
import type { StormPlan } from './storm.js';

/** Everything that one storm showed. */
export interface StormReport {
  /** When it began, ISO 8601. */
  readonly date: string;
  /** What repeats it. */
  readonly command: string;
  readonly plan: StormPlan;
  readonly machine: Machine;
  readonly isComplete: boolean;
  readonly targets: readonly Target[];
  readonly figures: StormFigures;
}

export function makeStormReport(
  facts: Pick<StormReport, 'date' | 'command' | 'plan' | 'machine'>,
  figures: StormFigures,
): StormReport {
  return { ...facts, isComplete: isComplete(figures), targets: targetsOf(figures, facts.plan.cold), figures };
}

/** The report as Markdown: what was run, how each transport came back, what the server did, and what the issue asks. */
export function stormMarkdown({ date, command, plan, machine, targets, figures }: StormReport): string {
  const topics = plan.topics === 1 ? 'one topic' : `${plan.topics.toLocaleString('en')} topics`;
  return [
    `\`${command}\`, ${date}: ${plan.connections.toLocaleString('en')} clients of ${topics} return at once after a SIGKILL, ` +
      `${plan.missed} notifications behind, while ${plan.foreignPerSecond.toLocaleString('en')}/s are published elsewhere` +
      `${plan.cold ? '; what they missed is not in memory' : ''}.`,
    `${machine.cpu}, ${machine.cores} cores, load before ${machine.loadBefore.toFixed(1)}; Node ${machine.node}, commit ${machine.commit ?? 'unknown'}.`,
    returnTable(figures.lines),
    serverLines(figures)
      .map((line) => `- ${line}`)
      .join('\n'),
    [...troubles('fault', figures.faults), ...troubles('broken on the way', figures.retryReasons)]
      .map((line) => `- ${line}`)
      .join('\n'),
    targets.map(({ what, met }) => `- ${met ? 'met' : 'MISSED'}: ${what}`).join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function returnTable(lines: readonly ReturnLine[]): string {
  const rows = lines.map(({ transport, clients, complete, readyMs, completeMs, retries }) =>
    [
      transport.padEnd(9),
      ...[clients, complete, readyMs.p50, readyMs.p99, completeMs.p50, completeMs.p99, completeMs.max, retries].map(
        (figure) => Math.round(figure).toLocaleString('en').padStart(8),
      ),
    ].join(' | '),
  );
  const heads = ['clients', 'complete', 'rdy p50', 'rdy p99', 'all p50', 'all p99', 'all max', 'retries'];
  return [
    `| ${['transport', ...heads.map((head) => head.padStart(8))].join(' | ')} |`,
    `|${'-'.repeat(11)}|${heads.map(() => `${'-'.repeat(9)}:`).join('|')}|`,
    ...rows.map((row) => `| ${row} |`),
    '',
    'Milliseconds since the return began: `rdy` until `ready`, `all` until everything that was missed is there.',
  ].join('\n');
}

function serverLines(figures: StormFigures): string[] {
  const { deliveries, foreign, machine } = figures;
  const sources = Object.entries(deliveries)
    .map(([source, count]) => `${count.toLocaleString('en')} ${source}`)
    .join(', ');
  return [
    `all complete after ${(figures.returnMs / 1_000).toFixed(1)} s; the server was ready again ${(figures.restartMs / 1_000).toFixed(1)} s after the kill`,
    `reads of the log: ${figures.logReads}; deliveries: ${sources}`,
    `event-loop delay: ${spread(figures.loopDelayMs)}`,
    `server: ${figures.serverCpuSeconds.toFixed(1)} s of CPU`,
    `resident memory: ${memory(figures.residentMiB)}`,
    `published elsewhere: ${foreign.publishes.toLocaleString('en')} accepted, ${foreign.perSecond.toFixed(0)}/s, answer ${spread(foreign.answerMs)}`,
    `overflows of listening sockets on this machine: ${figures.listenOverflows}`,
    `share of all cores: server ${percent(machine.server)}, clients and publisher ${percent(machine.clients)}, others ${percent(machine.others)}`,
  ];
}

function memory({ gathered, before, after, settled, ring }: ResidentMiB): string {
  const mib = (figure: number): string => `${figure.toFixed(0)} MiB`;
  return (
    `${mib(gathered)} with everybody connected before the storm; ${mib(before)} after the restart, ${mib(after)} when all ` +
    `had returned, ${mib(settled)} when that had settled, of which the ring is ${mib(ring)}`
  );
}

function troubles(kind: string, counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts).map(([what, count]) => `${kind}, ${count} times: ${what}`);
}

function spread({ p50, p99, max }: Spread): string {
  return `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
