import type { Machine } from '../machine.js';
import { targetsOf, type FloodFigures, type FloodTarget, type Spread } from './flood-figures.js';
import type { FloodPlan } from './flood.js';

/** Everything that one flood showed. */
export interface FloodReportFile {
  /** When it began, ISO 8601. */
  readonly date: string;
  /** What repeats it. */
  readonly command: string;
  readonly plan: FloodPlan;
  readonly machine: Machine;
  readonly isComplete: boolean;
  readonly targets: readonly FloodTarget[];
  readonly figures: FloodFigures;
}

export function makeFloodReport(
  facts: Pick<FloodReportFile, 'date' | 'command' | 'plan' | 'machine'>,
  figures: FloodFigures,
): FloodReportFile {
  return { ...facts, isComplete: figures.faults.length === 0, targets: targetsOf(figures), figures };
}

/** The report as Markdown. */
export function floodMarkdown({ date, command, plan, machine, targets, figures }: FloodReportFile): string {
  return [
    `\`${command}\`, ${date}: ${plan.factor} times what the server can take, for ${plan.durationMs / 1_000} s over ${plan.connections.toLocaleString('en')} kept connections.`,
    `${machine.cpu}, ${machine.cores} cores (the publisher's too), load before ${machine.loadBefore.toFixed(1)}; Node ${machine.node}, commit ${machine.commit ?? 'unknown'}.`,
    linesOf(figures)
      .map((line) => `- ${line}`)
      .join('\n'),
    targets.map(({ what, met }) => `- ${met ? 'met' : 'MISSED'}: ${what}`).join('\n'),
  ].join('\n\n');
}

function linesOf(figures: FloodFigures): string[] {
  const refused = Object.entries(figures.refused).map(([status, rate]) => `${perSecond(rate)} answered ${status}`);
  return [
    `capacity ${perSecond(figures.capacityPerSecond)}; offered ${perSecond(figures.due)}`,
    `${perSecond(figures.accepted)} accepted, ${refused.join(', ') || 'none refused'}; ${perSecond(figures.unsent)} found every connection waiting for an answer`,
    `accepted: ${spread(figures.acceptedMs)}; refused: ${spread(figures.refusedMs)}; at a tenth of the capacity: ${spread(figures.calmMs)}`,
    `\`/health/ready\` meanwhile: ${spread(figures.healthMs)}`,
    ...figures.faults.map((fault) => `fault: ${fault}`),
  ];
}

function perSecond(rate: number): string {
  return `${Math.round(rate).toLocaleString('en')}/s`;
}

function spread({ p50, p99, max }: Spread): string {
  return `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms`;
}
