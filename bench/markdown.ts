import { MEASURES } from './measures.js';
import type { Machine } from './machine.js';
import type { Line, Outcome } from './outcome.js';
import type { ScenarioName } from './plan.js';
import type { Report } from './report.js';
import { SCENARIOS } from './scenarios/scenarios.js';
import { groupBy, type Summary } from './statistics.js';
import type { StoreReport } from './store/store-figures.js';
import type { Verdict } from './verdict.js';

/** If other processes used more than this share of all cores, a figure is not to be trusted. */
const DISTURBED = 0.15;

/** The report as Markdown: what was run where, a table with notes for each scenario, and the table of the targets. */
export function toMarkdown(report: Report): string {
  const { plan, solos } = report;
  const scenarios = groupBy(report.lines, ({ scenario }) => scenario);
  return [
    `\`${report.command}\`, ${report.date}, ${Math.round(report.seconds)} s, ${plan.repetitions} interleaved repetition(s)` +
      `${plan.repetitions > 1 ? ': medians, in parentheses lowest and highest' : ''}.`,
    machineText(report.machine),
    ...report.missing.map((text) => `Not measured: ${text}.`),
    disturbanceText(report.outcomes),
    ...[...scenarios].flatMap(([name, lines]) => [
      `### ${SCENARIOS[name].title(plan)}`,
      scenarioTable(name, lines),
      notes(lines),
    ]),
    ...(solos.store === null
      ? []
      : [`### The log alone: ${solos.store.window} appends in flight`, storeTable(solos.store)]),
    '### Targets',
    targetTable(report.verdicts),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Where and with what the figures were made. */
export function machineText(machine: Machine): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return (
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, data on ${machine.fileSystem}, ` +
    `load before ${machine.loadBefore.toFixed(1)}; Node ${machine.node}, commit ${machine.commit ?? 'unknown'}, ${versions.join(', ')}.`
  );
}

/** Empty on a quiet machine. */
function disturbanceText(outcomes: readonly Outcome[]): string {
  const all = outcomes.flatMap(({ runs }) => runs.map(({ disturbance }) => disturbance));
  const disturbed = all.filter((share) => share > DISTURBED);
  if (disturbed.length === 0) return '';
  const highest = Math.round(Math.max(...disturbed) * 100);
  return `**The machine was not quiet**: in ${disturbed.length} of ${all.length} runs other processes used more than ${DISTURBED * 100} % of all cores, up to ${highest} %.`;
}

function scenarioTable(name: ScenarioName, lines: readonly Line[]): string {
  const measures = SCENARIOS[name].measures.filter((measure) => lines.some(({ summaries }) => summaries[measure]));
  const heads = ['server', 'transport', ...measures.map((measure) => MEASURES[measure].head)];
  const rows = lines.map(({ server, transport, summaries }) => [
    server,
    transport,
    ...measures.map((measure) => cell(summaries[measure], MEASURES[measure].digits)),
  ]);
  return table([heads, ...rows], 2);
}

function notes(lines: readonly Line[]): string {
  return lines
    .filter((line) => line.notes.length > 0)
    .map((line) => `- ${line.server}, ${line.transport}: ${line.notes.join('; ')}.`)
    .join('\n');
}

function storeTable({ lines, commitP50Ms, commitP99Ms }: StoreReport): string {
  const rows = lines.map(({ log, appendsPerSecond, p50Ms, p99Ms }) => [
    log,
    cell(appendsPerSecond, 0),
    cell(p50Ms, 2),
    cell(p99Ms, 2),
  ]);
  return [
    table([['log', 'appends/s', 'p50, ms', 'p99, ms'], ...rows], 1),
    `One append where nothing else waits: p50 ${commitP50Ms.toFixed(2)} ms, p99 ${commitP99Ms.toFixed(2)} ms.`,
  ].join('\n\n');
}

function targetTable(verdicts: readonly Verdict[]): string {
  const count = (verdict: Verdict['verdict']): string =>
    `${verdicts.filter((one) => one.verdict === verdict).length} ${verdict}`;
  const judged = verdicts.filter(({ verdict }) => verdict !== 'not measured');
  const rows = judged.map(({ target, what, verdict, figures }) => [`${target}. ${what}`, verdict, figures]);
  const absent = groupBy(
    verdicts.filter(({ verdict }) => verdict === 'not measured'),
    ({ target }) => target,
  );
  return [
    `${count('met')}, ${count('not met')}, ${count('not measured')}.`,
    ...(rows.length === 0 ? [] : [table([['target', 'verdict', 'figures'], ...rows], 3)]),
    [...absent]
      .map(([target, all]) => `- Not measured of target ${target}: ${all.map(({ what }) => what).join('; ')}.`)
      .join('\n'),
  ].join('\n\n');
}

/** The median, and with several repetitions the range. */
function cell(summary: Summary | undefined, digits: number): string {
  if (summary === undefined) return '–';
  const text = (value: number): string =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  if (summary.values.length < 2) return text(summary.median);
  return `${text(summary.median)} (${text(summary.min)}–${text(summary.max)})`;
}

/** @param texts how many columns, from the first, are text and not numbers. */
function table(rows: readonly (readonly string[])[], texts: number): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const padded = (text: string, column: number): string =>
    column < texts ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  const toLine = (row: readonly string[]): string => `| ${row.map(padded).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => '-'.repeat(width + 1) + (column < texts ? '-' : ':')).join('|')}|`;
  return [...rows.slice(0, 1).map(toLine), rule, ...rows.slice(1).map(toLine)].join('\n');
}
