import type { Figure, Findings, Limit, Whose } from './findings.js';
import type { Measure } from './measures.js';
import { MAX_P99_MS, TEN_THOUSAND, TEN_THOUSAND_MAX_P99_MS, type Plan, type ScenarioName } from './plan.js';
import { bound, compare, type Verdict } from './verdict.js';

/** What was measured of Clarion alone; null: not measured. */
export interface SoloFigures {
  readonly store: StoreFigures | null;
  readonly storm: StormOutcome | null;
}

/** Everybody returns at once. */
export interface StormOutcome {
  readonly isComplete: boolean;
  readonly returnSeconds: number;
  /** Resident memory afterwards, without the recent events kept on purpose, as a share of that before, with the same connections. */
  readonly settledShare: number;
}

/** The log on SQLite, without the server. Latencies in milliseconds. */
export interface StoreFigures {
  readonly window: number;
  readonly appendsPerSecond: number;
  readonly p99Ms: number;
  /** Of one append where nothing else waits: what a commit costs. */
  readonly commitP50Ms: number;
  readonly commitP99Ms: number;
}

export const SERVERS = {
  durable: 'Clarion durable',
  ephemeral: 'Clarion ephemeral',
  gateway: 'Nest gateway',
  stockSse: 'Nest @Sse',
  nchan: 'nchan',
} as const;
export const TRANSPORTS = ['sse', 'websocket', 'socketio'] as const;

const GATEWAY: Whose = { server: SERVERS.gateway };
const STOCK_SSE: Whose = { server: SERVERS.stockSse };
/** Of its transports always the one that is better in what is compared. */
const NCHAN: Whose = { server: SERVERS.nchan };

const SATURATED: readonly { scenario: ScenarioName; name: string; limit: Limit }[] = [
  { scenario: 'fan-out', name: 'saturated', limit: { measure: 'saturatedP99Ms', max: MAX_P99_MS } },
  {
    scenario: 'ten-thousand',
    name: `saturated, ${TEN_THOUSAND.toLocaleString('en')}`,
    limit: { measure: 'saturatedP99Ms', max: TEN_THOUSAND_MAX_P99_MS },
  },
];

/** What the issue asks, in its order. Figures are medians; a ratio compares two of the same run of the bench. */
export function verdictsOf(findings: Findings, solo: SoloFigures, plan: Plan): Verdict[] {
  return [
    ...fanOutRates(findings),
    ...cpuTimes(findings),
    ...latencies(findings, solo.store),
    ...idleMemory(findings, plan),
    ...manyTopics(findings),
    ...theLog(findings, solo.store),
    ...theStorm(solo.storm),
    ...someOfThirty(findings),
  ];
}

function fanOutRates(findings: Findings): Verdict[] {
  const target = 1;
  return SATURATED.flatMap(({ scenario, name, limit }) =>
    TRANSPORTS.flatMap((transport) => {
      const rate = (whose: Whose) => findings.highest(scenario, 'saturatedRate', whose, limit);
      const durable = rate({ server: SERVERS.durable, transport });
      const ephemeral = rate({ server: SERVERS.ephemeral, transport });
      const what = (text: string): string => `${name}, ${transport}: ${text}`;
      return [
        compare({ target, what: what('≥ 10 × Nest gateway'), ours: durable, theirs: rate(GATEWAY), atLeast: 10 }),
        compare({ target, what: what('≥ 25 × Nest @Sse'), ours: durable, theirs: rate(STOCK_SSE), atLeast: 25 }),
        compare({ target, what: what('≥ 8 × nchan'), ours: durable, theirs: rate(NCHAN), atLeast: 8 }),
        compare({
          target,
          what: what('ephemeral ≥ 12 × Nest gateway'),
          ours: ephemeral,
          theirs: rate(GATEWAY),
          atLeast: 12,
        }),
      ];
    }),
  );
}

function cpuTimes(findings: Findings): Verdict[] {
  const target = 2;
  const saturated = SATURATED.flatMap(({ scenario, name, limit }) =>
    TRANSPORTS.flatMap((transport) => {
      const cpu = (whose: Whose) => findings.lowest(scenario, 'saturatedCpu', whose, limit);
      const ours = cpu({ server: SERVERS.durable, transport });
      const what = `CPU ${name}, ${transport}:`;
      return [
        compare({ target, what: `${what} ≤ 0.15 × nchan`, ours, theirs: cpu(NCHAN), atMost: 0.15 }),
        compare({ target, what: `${what} ≤ 0.1 × Nest gateway`, ours, theirs: cpu(GATEWAY), atMost: 0.1 }),
      ];
    }),
  );
  const unhurried = TRANSPORTS.flatMap((transport) => {
    const cpu = (whose: Whose) => findings.lowest('latency', 'fixedCpu', whose);
    const ours = cpu({ server: SERVERS.durable, transport });
    const what = `CPU at 10/s, ${transport}:`;
    return [
      compare({ target, what: `${what} ≤ 1.0 × nchan`, ours, theirs: cpu(NCHAN), atMost: 1 }),
      compare({ target, what: `${what} ≤ 0.65 × Nest gateway`, ours, theirs: cpu(GATEWAY), atMost: 0.65 }),
      compare({ target, what: `${what} ≤ 0.35 × Nest @Sse`, ours, theirs: cpu(STOCK_SSE), atMost: 0.35 }),
    ];
  });
  return [...saturated, ...unhurried];
}

function latencies(findings: Findings, store: StoreFigures | null): Verdict[] {
  const unhurried = TRANSPORTS.flatMap((transport) => [
    ...latencyOf(findings, transport, 'fixedP50Ms', 'p50', commit(store, 'commitP50Ms')),
    ...latencyOf(findings, transport, 'fixedP99Ms', 'p99', commit(store, 'commitP99Ms')),
  ]);
  const strained = TRANSPORTS.map((transport) =>
    bound({
      target: 3,
      what: `p99 at 400/s, ${transport}: < ${MAX_P99_MS} ms`,
      ours: findings.lowest('strain', 'strainP99Ms', { server: SERVERS.durable, transport }),
      atMost: MAX_P99_MS,
    }),
  );
  return [...unhurried, ...strained];
}

function latencyOf(
  findings: Findings,
  transport: string,
  measure: Measure,
  name: string,
  allowance: Figure | null,
): Verdict[] {
  const target = 3;
  const of = (whose: Whose) => findings.lowest('latency', measure, whose);
  const nchan = of(NCHAN);
  const stock = lower(of(GATEWAY), of(STOCK_SSE));
  const ephemeral = of({ server: SERVERS.ephemeral, transport });
  const durable = of({ server: SERVERS.durable, transport });
  const what = `${name} at 10/s, ${transport}:`;
  const less = 'durable less the commit';
  return [
    compare({ target, what: `${what} ephemeral ≤ 1.0 × nchan`, ours: ephemeral, theirs: nchan, atMost: 1 }),
    compare({ target, what: `${what} ephemeral ≤ 0.85 × stock Nest`, ours: ephemeral, theirs: stock, atMost: 0.85 }),
    compare({ target, what: `${what} ${less} ≤ 1.0 × nchan`, ours: durable, theirs: nchan, atMost: 1, allowance }),
    compare({
      target,
      what: `${what} ${less} ≤ 0.85 × stock Nest`,
      ours: durable,
      theirs: stock,
      atMost: 0.85,
      allowance,
    }),
  ];
}

function commit(store: StoreFigures | null, part: 'commitP50Ms' | 'commitP99Ms'): Figure | null {
  return store === null ? null : { of: 'one append alone', value: store[part], digits: 1, counts: true };
}

/** Of stock servers the better one. */
function lower(a: Figure | null, b: Figure | null): Figure | null {
  return a === null || b === null ? null : a.value < b.value ? a : b;
}

const MAX_IDLE_KB = { sse: 8, websocket: 6, socketio: 12 } as const;

/** With fewer connections than the issue names, garbage of the start counts for too much. */
function idleMemory(findings: Findings, { idleConnections }: Plan): Verdict[] {
  const target = 4;
  const idle = (whose: Whose) => (idleConnections < TEN_THOUSAND ? null : findings.lowest('idle', 'idleKB', whose));
  return TRANSPORTS.flatMap((transport) => {
    const ours = idle({ server: SERVERS.durable, transport });
    const atMost = MAX_IDLE_KB[transport];
    const what = `KB per idle connection, ${transport}:`;
    const absolute = bound({ target, what: `${what} ≤ ${atMost}`, ours, atMost });
    if (transport === 'socketio') return [absolute];
    const theirs = idle({ server: SERVERS.nchan, transport });
    return [absolute, compare({ target, what: `${what} below nchan`, ours, theirs, atMost: 1 })];
  });
}

function manyTopics(findings: Findings): Verdict[] {
  const target = 5;
  const rate = (way: 'single' | 'batch' | 'kept', whose: Whose) =>
    findings.highest('topics5000', `${way}Rate`, whose, { measure: `${way}P99Ms`, max: MAX_P99_MS });
  return TRANSPORTS.flatMap((transport) => {
    const single = rate('single', { server: SERVERS.durable, transport });
    const ephemeral: Whose = { server: SERVERS.ephemeral, transport };
    const what = `5,000 topics × 1, ${transport}:`;
    return [
      compare({
        target,
        what: `${what} single POSTs ≥ 2.5 × Nest gateway`,
        ours: single,
        theirs: rate('single', GATEWAY),
        atLeast: 2.5,
      }),
      compare({
        target,
        what: `${what} ephemeral by batch or kept connection ≥ nchan`,
        ours: higher(rate('batch', ephemeral), rate('kept', ephemeral)),
        theirs: rate('single', NCHAN),
        atLeast: 1,
      }),
    ];
  });
}

/** Of two ways of which one is enough the better one that counts. */
function higher(a: Figure | null, b: Figure | null): Figure | null {
  if (a === null || b === null) return a ?? b;
  if (a.counts !== b.counts) return a.counts ? a : b;
  return a.value > b.value ? a : b;
}

function theLog(findings: Findings, store: StoreFigures | null): Verdict[] {
  const target = 6;
  const figure = (value: number, digits: number): Figure => ({ of: 'log on SQLite', value, digits, counts: true });
  const what = `log with 256 appends in flight:`;
  const rest = TRANSPORTS.map((transport) => {
    const rate = (server: string) => findings.highest('publishing', 'publishRate', { server, transport });
    return compare({
      target,
      what: `REST, ${transport} reader: durable ≥ 0.85 × ephemeral`,
      ours: rate(SERVERS.durable),
      theirs: rate(SERVERS.ephemeral),
      atLeast: 0.85,
    });
  });
  const own = store?.window === 256 ? store : null;
  return [
    bound({
      target,
      what: `${what} ≥ 40,000/s`,
      ours: own && figure(own.appendsPerSecond, 0),
      atLeast: 40_000,
    }),
    bound({ target, what: `${what} p99 < 20 ms`, ours: own && figure(own.p99Ms, 1), atMost: 20 }),
    ...rest,
  ];
}

/** What the server's allocator keeps does not count as a level that is not reached. */
const MAX_SETTLED_SHARE = 1.25;

function theStorm(storm: StormOutcome | null): Verdict[] {
  const target = 7;
  const figure = (of: string, value: number, digits: number): Figure | null =>
    storm && { of, value, digits, counts: storm.isComplete };
  return [
    bound({
      target,
      what: '10,000 clients that return: complete within 30 s',
      ours: storm && figure('seconds', storm.returnSeconds, 1),
      atMost: 30,
    }),
    bound({
      target,
      what: `memory afterwards ≤ ${MAX_SETTLED_SHARE} × before`,
      ours: storm && figure('of what it was', storm.settledShare, 2),
      atMost: MAX_SETTLED_SHARE,
    }),
  ];
}

function someOfThirty(findings: Findings): Verdict[] {
  const limit: Limit = { measure: 'saturatedP99Ms', max: MAX_P99_MS };
  const rate = (whose: Whose) => findings.highest('topics30', 'saturatedRate', whose, limit);
  return TRANSPORTS.map((transport) =>
    compare({
      target: 8,
      what: `3 of 30 topics, ${transport}: ≥ 6 × Nest gateway`,
      ours: rate({ server: SERVERS.durable, transport }),
      theirs: rate(GATEWAY),
      atLeast: 6,
    }),
  );
}
