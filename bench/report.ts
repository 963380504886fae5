import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine.js';
import { lineOf, type Line, type Outcome } from './outcome.js';
import type { Plan } from './plan.js';
import type { Summary } from './statistics.js';
import { PAYLOAD_BYTES } from './subjects.js';

/** Everything that one call of the bench found. */
export interface Report {
  /** When it began, ISO 8601. */
  readonly date: string;
  /** What repeats it. */
  readonly command: string;
  readonly seconds: number;
  readonly payloadBytes: number;
  readonly plan: Plan;
  readonly machine: Machine;
  readonly lines: readonly Line[];
  readonly outcomes: readonly Outcome[];
}

const RESULTS = join(import.meta.dirname, '..', '..', 'bench', 'results');

export function makeReport(
  facts: Pick<Report, 'date' | 'command' | 'seconds' | 'plan' | 'machine'>,
  outcomes: readonly Outcome[],
): Report {
  const lines = new Map<string, Line>();
  for (const { server, transport } of outcomes) {
    const own = outcomes.filter((outcome) => outcome.server === server && outcome.transport === transport);
    lines.set(`${server} ${transport}`, lineOf(server, transport, own));
  }
  return { ...facts, payloadBytes: PAYLOAD_BYTES, lines: [...lines.values()], outcomes };
}

/** Writes a report under `bench/results` and returns the file's name: the date, and the kind. */
export function saveReport(report: { readonly date: string }, kind: string): string {
  mkdirSync(RESULTS, { recursive: true });
  const file = join(RESULTS, `${report.date.replaceAll(':', '').slice(0, 17)}-${kind}.json`);
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  return file;
}

/** The report as Markdown: what was run where, a table, and notes. */
export function toMarkdown(report: Report): string {
  const { machine, plan } = report;
  const heads = [
    'server',
    'transport',
    'deliveries/s',
    'p99 then, ms',
    'CPU s/M',
    `p50 at ${plan.latency.perSecond}/s, ms`,
    `p99 at ${plan.latency.perSecond}/s, ms`,
    `CPU s/M at ${plan.latency.perSecond}/s`,
    'KiB/idle',
    'publishes/s',
    'answer p99, ms',
  ];
  return [
    `\`${report.command}\`, ${report.date}, ${Math.round(report.seconds)} s: ${plan.subscribers} subscribers of one topic, ` +
      `${report.payloadBytes}-byte payloads, ${plan.repetitions} repetition(s).`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, data on ${machine.fileSystem}, ` +
      `load before ${machine.loadBefore.toFixed(1)}; Node ${machine.node}, commit ${machine.commit ?? 'unknown'}, ` +
      `${Object.entries(machine.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ')}.`,
    table([heads, ...report.lines.map(cellsOf)]),
    report.lines.map((line) => `- ${line.server}, ${line.transport}: ${line.notes.join('; ')}.`).join('\n'),
  ].join('\n\n');
}

function cellsOf(line: Line): string[] {
  return [
    line.server,
    line.transport,
    cell(line.deliveriesPerSecond, 0),
    cell(line.saturatedP99Ms, 1),
    cell(line.saturatedCpuSecondsPerMillion, 2),
    cell(line.fixedRateP50Ms, 1),
    cell(line.fixedRateP99Ms, 1),
    cell(line.fixedRateCpuSecondsPerMillion, 2),
    cell(line.kibPerIdleConnection, 1),
    cell(line.publishesPerSecond, 0),
    cell(line.publishAnswerP99Ms, 1),
  ];
}

/** The median, and with several repetitions the range. */
function cell(summary: Summary | null, digits: number): string {
  if (summary === null) return '–';
  const text = (value: number): string =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  if (summary.values.length < 2) return text(summary.median);
  return `${text(summary.median)} (${text(summary.min)}–${text(summary.max)})`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const toLine = (row: readonly string[]): string =>
    `| ${row.map((text, column) => (column < 2 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => '-'.repeat(width + 1) + (column < 2 ? '-' : ':')).join('|')}|`;
  return [...rows.slice(0, 1).map(toLine), rule, ...rows.slice(1).map(toLine)].join('\n');
}
