import { resolve } from 'node:path';
import { clarionProgram } from './clarion.js';
import { ONE_TOPIC } from './layout.js';
import type { PublishTarget } from './messages.js';
import { publishLoad } from './publisher.js';
import type { Reader } from './reader.js';
import { ServerProcess } from './server-process.js';
import { openSseReader } from './sse-reader.js';
import { clarion } from './subjects/clarion.js';

/**
 * What a single POST costs different builds: `node dist/bench/compare-builds.js [--lanes <n>] <project> <project> …`, each the root of a checkout that was
 * built. Their servers run all the time, with one subscriber each, and take turns of a fraction of a second, so that the moods of a shared machine fall on
 * all of them: differences of 2 % can be told, where whole runs one after another differ by 20 for no reason.
 */
const TURNS = 80;
const TURN_MS = 300;
const WARM_UP_MS = 3_000;
const DEFAULT_LANES = 64;

interface Build {
  readonly project: string;
  readonly server: ServerProcess;
  readonly target: PublishTarget;
  readonly reader: Reader;
  /** CPU microseconds of the server for each publish, one figure for each turn. */
  readonly costs: number[];
}

const lanes = process.argv[2] === '--lanes' ? Number(process.argv[3]) : DEFAULT_LANES;
const projects = process.argv.slice(process.argv[2] === '--lanes' ? 4 : 2);
if (projects.length === 0 || !Number.isInteger(lanes) || lanes < 1) {
  console.error('usage: node dist/bench/compare-builds.js [--lanes <n>] <project> <project> …');
  process.exit(2);
}

const builds: Build[] = [];
try {
  for (const project of projects) builds.push(await start(project));
  for (const build of builds) await publish(build, WARM_UP_MS);
  for (let turn = 0; turn < TURNS; turn++)
    for (const build of turn % 2 === 0 ? builds : builds.toReversed()) build.costs.push(await publish(build, TURN_MS));
  const first = builds[0]!;
  for (const { project, costs } of builds) {
    const [lower, median] = [quantile(costs, 0.25), quantile(costs, 0.5)];
    const ratios = [lower / quantile(first.costs, 0.25), median / quantile(first.costs, 0.5)].map((n) => n.toFixed(2));
    console.log(
      `${project}: lower quartile ${lower.toFixed(1)} µs of CPU a publish (${ratios[0]} of the first), median ${median.toFixed(1)} (${ratios[1]})`,
    );
  }
} finally {
  for (const { reader } of builds) reader.close();
  await Promise.all(builds.map(({ server }) => server.stop()));
}
process.exit();

async function start(project: string): Promise<Build> {
  const ours = clarionProgram();
  const server = await ServerProcess.start({
    ...ours,
    name: project,
    command: (launch) => ({ ...ours.command(launch), args: [resolve(project, 'dist', 'src', 'main.js')] }),
  });
  const { publish: target, read } = await clarion('sse', 'durable').doors(server.port, ONE_TOPIC);
  if (read.transport !== 'sse') throw new Error('an SSE reader was asked for');
  const reader = await openSseReader(read, 0, {
    onData: () => {},
    onMark: () => {},
    onLost: (reason) => console.error(`${project}: ${reason}`),
  });
  return { project, server, target, reader, costs: [] };
}

/** @returns CPU microseconds of the server for each publish. */
async function publish({ server, target }: Build, durationMs: number): Promise<number> {
  const before = server.usage().cpuSeconds;
  const { sent } = await publishLoad(target, { kind: 'closed', lanes, durationMs });
  const count = sent.reduce((sum, one) => sum + one, 0);
  return ((server.usage().cpuSeconds - before) * 1_000_000) / count;
}

function quantile(values: readonly number[], at: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * at)]!;
}
