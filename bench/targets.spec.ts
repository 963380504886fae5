import { describe, expect, it } from 'vitest';
import { Findings } from './findings.js';
import type { Figures } from './measures.js';
import { linesOf, type Outcome } from './outcome.js';
import { FULL, QUICK, type ScenarioName } from './plan.js';
import { SUBJECTS } from './subjects.js';
import { SERVERS, TRANSPORTS, verdictsOf, type SoloFigures } from './targets.js';
import type { Verdict } from './verdict.js';

const NO_SOLO: SoloFigures = { store: null, storm: null };
const STORE = { window: 256, appendsPerSecond: 40_000, p99Ms: 20, commitP50Ms: 1, commitP99Ms: 2 };
const STORM = { isComplete: true, returnSeconds: 30, settledShare: 1.25 };
const GOOD_SOLO: SoloFigures = { store: STORE, storm: STORM };

/** One outcome of each subject in each scenario, with the figures that `figuresOf` gives it. */
function outcomesOf(figuresOf: (server: string, transport: string, scenario: ScenarioName) => Figures): Outcome[] {
  return SUBJECTS.flatMap(({ server, transport }) =>
    FULL.scenarios.map((scenario) => ({
      scenario,
      server,
      transport,
      repetition: 1,
      figures: figuresOf(server, transport, scenario),
      runs: [],
      faults: [],
      error: null,
    })),
  );
}

/** Figures with which every target is just met. */
function justGoodEnough(server: string, transport: string, scenario: ScenarioName): Figures {
  const isOurs = server.startsWith('Clarion');
  const rates: Readonly<Record<string, number>> = {
    [SERVERS.durable]: scenario === 'topics30' ? 600 : scenario === 'topics5000' ? 250 : 1_000,
    [SERVERS.ephemeral]: 1_200,
    [SERVERS.gateway]: 100,
    [SERVERS.stockSse]: 40,
    [SERVERS.nchan]: 125,
  };
  const rate = rates[server] ?? 1;
  const idle: Readonly<Record<string, number>> = { sse: 8, websocket: 6, socketio: 12 };
  return {
    saturatedRate: rate,
    saturatedP99Ms: 50,
    saturatedCpu: isOurs ? 0.1 : 1,
    fixedP50Ms: server === SERVERS.ephemeral ? 0.85 : server === SERVERS.durable ? 1.84 : 1,
    fixedP99Ms: server === SERVERS.ephemeral ? 1.7 : server === SERVERS.durable ? 3.69 : 2,
    fixedCpu: isOurs ? 0.35 : 1,
    strainP99Ms: 50,
    idleKB: isOurs ? (idle[transport] ?? 0) : 10,
    publishRate: server === SERVERS.durable ? 85 : 100,
    singleRate: rate,
    singleP99Ms: 50,
    batchRate: isOurs ? 125 : 0,
    batchP99Ms: 50,
    keptRate: isOurs ? 10 : 0,
    keptP99Ms: 50,
  };
}

function verdicts(
  figuresOf: Parameters<typeof outcomesOf>[0],
  { solo = GOOD_SOLO, plan = FULL } = {},
): readonly Verdict[] {
  return verdictsOf(new Findings(linesOf(outcomesOf(figuresOf))), solo, plan);
}

const ofKind = (all: readonly Verdict[], kind: Verdict['verdict']): string[] =>
  all.filter(({ verdict }) => verdict === kind).map(({ target, what }) => `${target}. ${what}`);

describe('verdictsOf', () => {
  it('knows only servers and transports that are measured', () => {
    for (const server of Object.values(SERVERS)) expect(SUBJECTS.map((subject) => subject.server)).toContain(server);
    for (const transport of TRANSPORTS) expect(SUBJECTS.map((subject) => subject.transport)).toContain(transport);
  });

  it('has a line for each of the eight targets', () => {
    expect([...new Set(verdicts(() => ({})).map(({ target }) => target))]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('lets nothing pass by absence', () => {
    const all = verdicts(() => ({}), { solo: NO_SOLO });
    expect(ofKind(all, 'not measured')).toHaveLength(all.length);
  });

  it('lets nothing pass without the others', () => {
    const alone = verdicts((server, transport, scenario) =>
      server.startsWith('Clarion') ? justGoodEnough(server, transport, scenario) : {},
    );
    const absolute =
      /400\/s|KB per idle connection, \w+: ≤|appends in flight|complete within|memory afterwards|durable ≥ 0.85 × ephemeral/;
    expect(ofKind(alone, 'met').filter((what) => !absolute.test(what))).toEqual([]);
  });

  it('is met throughout by figures that are just good enough', () => {
    const all = verdicts(justGoodEnough);
    expect(ofKind(all, 'met')).toHaveLength(all.length);
  });

  it.each<{ what: string; worse: (figures: Figures) => Figures; targets: number[] }>([
    { what: 'lower rates', worse: ({ saturatedRate = 0 }) => ({ saturatedRate: saturatedRate - 1 }), targets: [1, 8] },
    { what: 'rates beyond the latency limit', worse: () => ({ saturatedP99Ms: 201 }), targets: [1, 2, 8] },
    { what: 'more CPU, saturated', worse: () => ({ saturatedCpu: 0.151 }), targets: [2] },
    { what: 'more CPU at 10/s', worse: () => ({ fixedCpu: 0.351 }), targets: [2] },
    { what: 'a higher p50', worse: ({ fixedP50Ms = 0 }) => ({ fixedP50Ms: fixedP50Ms + 0.01 }), targets: [3] },
    { what: 'a higher p99', worse: ({ fixedP99Ms = 0 }) => ({ fixedP99Ms: fixedP99Ms + 0.01 }), targets: [3] },
    { what: 'a high p99 under strain', worse: () => ({ strainP99Ms: 50.1 }), targets: [3] },
    { what: 'more memory', worse: ({ idleKB = 0 }) => ({ idleKB: idleKB + 0.1 }), targets: [4] },
    { what: 'fewer single publishes', worse: () => ({ singleRate: 249 }), targets: [5] },
    { what: 'fewer in batches', worse: () => ({ batchRate: 124 }), targets: [5] },
    {
      what: 'slow REST',
      worse: ({ publishRate = 0 }) => ({ publishRate: publishRate === 85 ? 84 : 100 }),
      targets: [6],
    },
  ])('notices $what', ({ worse, targets }) => {
    const all = verdicts((server, transport, scenario) => {
      const good = justGoodEnough(server, transport, scenario);
      return server.startsWith('Clarion') ? { ...good, ...worse(good) } : good;
    });
    expect([...new Set(all.filter(({ verdict }) => verdict === 'not met').map(({ target }) => target))]).toEqual(
      targets,
    );
  });

  it.each<{ what: string; solo: Partial<SoloFigures>; missed: number }>([
    { what: 'fewer appends', solo: { store: { ...STORE, appendsPerSecond: 39_999 } }, missed: 1 },
    { what: 'slow appends', solo: { store: { ...STORE, p99Ms: 20.1 } }, missed: 1 },
    { what: 'a slow return', solo: { storm: { ...STORM, returnSeconds: 30.1 } }, missed: 1 },
    { what: 'memory that is not given back', solo: { storm: { ...STORM, settledShare: 1.3 } }, missed: 1 },
    { what: 'a return in which something was lost', solo: { storm: { ...STORM, isComplete: false } }, missed: 2 },
  ])('notices $what', ({ solo, missed }) => {
    expect(ofKind(verdicts(justGoodEnough, { solo: { ...GOOD_SOLO, ...solo } }), 'not met')).toHaveLength(missed);
  });

  it('compares with that transport of nchan which does better', () => {
    const all = verdicts((server, transport, scenario) => {
      const good = justGoodEnough(server, transport, scenario);
      return server === SERVERS.nchan && transport === 'websocket' ? { ...good, saturatedRate: 126 } : good;
    });
    const missed = ofKind(all, 'not met');
    expect(missed).toHaveLength(6);
    expect(missed.every((what) => what.endsWith('≥ 8 × nchan'))).toBe(true);
  });

  it('takes the memory of connections only where there are ten thousand', () => {
    const memory = verdicts(justGoodEnough, { plan: QUICK }).filter(({ target }) => target === 4);
    expect(ofKind(memory, 'not measured')).toHaveLength(memory.length);
  });
});
