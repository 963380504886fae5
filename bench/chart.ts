import { machineText } from './markdown.js';
import { MEASURES, type Measure } from './measures.js';
import type { Line } from './outcome.js';
import { MAX_P99_MS, TEN_THOUSAND_MAX_P99_MS, type ScenarioName } from './plan.js';
import type { Report } from './report.js';
import { SCENARIOS } from './scenarios/scenarios.js';
import type { Summary } from './statistics.js';

/** One measure of all servers, as bars below a heading. */
interface Panel {
  readonly scenario: ScenarioName;
  readonly measure: Measure;
  readonly unit: string;
  /** Milliseconds: a rate with a higher p99 counts for nothing, and says so. */
  readonly maxP99Ms?: number;
}

const PANELS: readonly Panel[] = [
  { scenario: 'fan-out', measure: 'saturatedRate', unit: 'deliveries/s, more is better', maxP99Ms: MAX_P99_MS },
  {
    scenario: 'ten-thousand',
    measure: 'saturatedRate',
    unit: 'deliveries/s, more is better',
    maxP99Ms: TEN_THOUSAND_MAX_P99_MS,
  },
  { scenario: 'topics30', measure: 'saturatedRate', unit: 'deliveries/s, more is better', maxP99Ms: MAX_P99_MS },
  {
    scenario: 'fan-out',
    measure: 'saturatedCpu',
    unit: 'CPU seconds of the server per million deliveries, less is better',
  },
  { scenario: 'latency', measure: 'fixedP99Ms', unit: 'p99 at 10 messages a second, ms, less is better' },
  { scenario: 'idle', measure: 'idleKB', unit: 'KB of the server per connection, less is better' },
];

const WIDTH = 900;
const MARGIN = 24;
const LABELS = 210;
/** What the longest value needs beside its bar. */
const VALUES = 140;
const BARS = WIDTH - 2 * MARGIN - LABELS - VALUES;
const ROW = 22;
const BAR = 14;
const HEAD = 58;
const FOOT_LINE = 16;
const FOOT_CHARACTERS = 135;

const TRANSPORTS: Readonly<Record<string, string>> = {
  sse: 'SSE',
  websocket: 'WebSocket',
  socketio: 'Socket.IO',
  nats: 'TCP',
};

/** Legible on light and on dark pages: the picture follows the reader's setting. */
const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328; }
  .page { fill: #ffffff; stroke: #d1d9e0; }
  .title { font-size: 15px; font-weight: 600; }
  .unit, .foot { fill: #59636e; font-size: 12px; }
  .durable { fill: #4f46e5; }
  .ephemeral { fill: #8b85f0; }
  .other { fill: #9aa4af; }
  .spread { stroke: #1f2328; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .page { fill: #0d1117; stroke: #3d444d; }
    .unit, .foot { fill: #9198a1; }
    .durable { fill: #8b85f0; }
    .ephemeral { fill: #5a52d6; }
    .other { fill: #656c76; }
    .spread { stroke: #f0f6fc; }
  }`;

/** A picture of the most telling figures as SVG, with machine, versions and command below; null when there is nothing to show. */
export function chartOf(report: Report): string | null {
  const parts: string[] = [];
  let y = MARGIN;
  for (const panel of PANELS) {
    const lines = report.lines.filter((line) => line.scenario === panel.scenario && line.summaries[panel.measure]);
    if (lines.length === 0) continue;
    parts.push(drawPanel(panel, SCENARIOS[panel.scenario].title(report.plan), lines, y));
    y += HEAD + lines.length * ROW + MARGIN;
  }
  if (parts.length === 0) return null;
  const foot = footOf(report);
  parts.push(...foot.map((text, index) => textAt(MARGIN, y + index * FOOT_LINE, text, 'foot')));
  const height = y + foot.length * FOOT_LINE + MARGIN / 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="What the bench measured">
<style>${STYLE}
</style>
<rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>
${parts.join('\n')}
</svg>
`;
}

function drawPanel(panel: Panel, title: string, lines: readonly Line[], top: number): string {
  const { measure, unit } = panel;
  const highest = Math.max(...lines.map(({ summaries }) => summaries[measure]?.max ?? 0));
  return [
    textAt(MARGIN, top + 16, title, 'title'),
    textAt(MARGIN, top + 36, unit, 'unit'),
    ...lines.map((line, index) => {
      const summary = line.summaries[measure];
      return summary === undefined ? '' : drawBar(line, summary, panel, BARS / highest, top + HEAD + index * ROW);
    }),
  ].join('\n');
}

function drawBar(line: Line, { median, min, max, values }: Summary, panel: Panel, scale: number, top: number): string {
  const left = MARGIN + LABELS;
  const middle = top - ROW / 2 + BAR / 2;
  const kind =
    line.server === 'Clarion durable' ? 'durable' : line.server === 'Clarion ephemeral' ? 'ephemeral' : 'other';
  const end = left + Math.max(1, max * scale);
  return [
    textAt(MARGIN, middle + 4, `${line.server}, ${TRANSPORTS[line.transport] ?? line.transport}`),
    `<rect class="${kind}" x="${left}" y="${number(middle - BAR / 2)}" width="${number(Math.max(1, median * scale))}" height="${BAR}" rx="2"/>`,
    ...(values.length > 1
      ? [`<path class="spread" d="M${number(left + min * scale)} ${number(middle)}H${number(left + max * scale)}"/>`]
      : []),
    textAt(end + 6, middle + 4, valueOf(line, median, panel)),
  ].join('\n');
}

/** The figure, and its latency where that makes it count for nothing. */
function valueOf({ summaries }: Line, median: number, { measure, maxP99Ms = Infinity }: Panel): string {
  const { digits } = MEASURES[measure];
  const text = median.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const p99 = summaries.saturatedP99Ms?.median ?? 0;
  return p99 <= maxP99Ms ? text : `${text}, but p99 ${Math.round(p99)} ms`;
}

function footOf(report: Report): string[] {
  const { command, date, plan, seconds } = report;
  return [
    `${command}, ${date.slice(0, 10)}, ${plan.repetitions} repetition(s)${plan.repetitions > 1 ? ', medians with lowest and highest' : ''}, ${Math.round(seconds)} s`,
    ...wrapped(machineText(report.machine)),
  ];
}

function wrapped(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last.length + word.length >= FOOT_CHARACTERS) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

function textAt(x: number, y: number, text: string, kind?: string): string {
  const attribute = kind === undefined ? '' : ` class="${kind}"`;
  return `<text${attribute} x="${number(x)}" y="${number(y)}">${escaped(text)}</text>`;
}

function number(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
