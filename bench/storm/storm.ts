import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { CommandedProcess } from '../child-process.js';
import { API_KEY, clarionProgram, mintToken } from '../clarion.js';
import { monotonicMicros } from '../clock.js';
import { markedPayload } from '../mark.js';
import { publishReportSchema, type PublishCommand, type PublishReport, type PublishTarget } from '../messages.js';
import { machineBusySeconds, type ProcessUsage } from '../process-usage.js';
import { ServerProcess } from '../server-process.js';
import type { ServerProgram } from '../server-program.js';
import type { CrowdReport } from './crowd.js';
import { crowdReportSchema, returnedSchema, type CrowdCommand } from './crowd-messages.js';
import { listenOverflows } from './listen-queue.js';
import { firstNumberOf, STORM_TOPICS, topicNamed, type Population } from './population.js';
import { singlePosts } from '../publish-targets.js';
import { PAYLOAD_BYTES } from '../subjects.js';
import { readMetrics, type ServerMetrics } from './server-metrics.js';

/** How large the storm is. */
export interface StormPlan {
  readonly connections: number;
  /** Topics over which the clients are spread. */
  readonly topics: number;
  /** Notifications that each topic gets while everybody is away. */
  readonly missed: number;
  /** Published to other topics meanwhile. */
  readonly foreignPerSecond: number;
  /** Whether the server may keep so little in memory that others have pushed out what was missed, which then comes from the log. */
  readonly cold: boolean;
  /** Where the server writes a CPU profile of the storm when it ends; null: nowhere. */
  readonly profileDir: string | null;
}

/** What was seen of one storm, before anything is judged. */
export interface StormRecord {
  /** From SIGKILL to the answer of a server that is ready again. */
  readonly restartMs: number;
  /** From the beginning of the return until the last client had everything, or the time was over. */
  readonly returnMs: number;
  readonly crowds: readonly CrowdReport[];
  /** Everybody is connected for the first time, and nothing was published yet. */
  readonly gathered: Moment;
  readonly before: Moment;
  readonly after: Moment;
  /** Everybody has everything, and nothing has happened for a while. */
  readonly settled: Moment;
  readonly published: PublishReport;
  readonly crowdCpuMicros: readonly number[];
}

/** What is read at the beginning and at the end of the return. */
export interface Moment {
  readonly server: ProcessUsage;
  readonly metrics: ServerMetrics;
  readonly machineBusySeconds: number;
  readonly listenOverflows: number;
}

const CROWDS = 2;
/** People to whom the clients belong. */
const PEOPLE = 100;
/** Lanes of the foreign load: when the server hesitates for a quarter of a second, there is still one free. */
const FOREIGN_LANES = 256;
/** How long others publish before the return begins; it counts for their figures too. */
const FOREIGN_WARM_UP_MS = 1_000;
/** Less than what others publish before the return begins. */
const COLD_RING_BYTES = 262_144;
/** Notifications in one publishing request of what is missed: as many as are allowed. */
const BATCH = 1_000;
/** After which a storm has not passed. */
const RETURN_WITHIN_MS = 90_000;
/** How long nothing more must come after everybody has everything. */
const SILENCE_MS = 1_000;
/** Until what the connecting has left behind is collected. V8 gives memory back some seconds after it has nothing to do. */
const SETTLE_MS = 20_000;

const nothingSchema = z.null();

/** Who takes part. */
interface Cast {
  readonly server: ServerProcess;
  readonly crowds: readonly CommandedProcess<CrowdCommand>[];
  readonly publisher: CommandedProcess<PublishCommand>;
}

/**
 * Everybody connects; the server is killed and starts again; each topic gets what its readers miss; everybody returns at once with the
 * last cursor, while others publish.
 * @throws {Error} when the server does not start, a client is refused while they gather, or a publish is refused.
 */
export async function storm(plan: StormPlan): Promise<StormRecord> {
  const server = await ServerProcess.start(programOf(plan));
  const crowds = Array.from({ length: CROWDS }, () => new CommandedProcess<CrowdCommand>('crowd-process'));
  const publisher = new CommandedProcess<PublishCommand>('publisher-process');
  try {
    return await play({ server, crowds, publisher }, plan);
  } finally {
    await Promise.all([...crowds, publisher].map((process) => process.stop()));
    await server.stop();
  }
}

function programOf({ cold, profileDir }: StormPlan): ServerProgram {
  return clarionProgram({
    env: (): Record<string, string> => (cold ? { CLARION_RING_BYTES: String(COLD_RING_BYTES) } : {}),
    nodeArgs: profileDir === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`],
  });
}

async function play(cast: Cast, plan: StormPlan): Promise<StormRecord> {
  const { server } = cast;
  await gather(cast, plan);
  await delay(SETTLE_MS);
  const gathered = await momentOf(server);
  const restartMs = await killAndRestart(cast);
  await publishMissed(server.port, plan);
  await cast.publisher.call(
    { command: 'begin', target: foreignTarget(server.port), load: foreignLoad(plan) },
    nothingSchema,
  );
  await delay(FOREIGN_WARM_UP_MS);
  const before = await momentOf(server);
  const startMicros = monotonicMicros();
  const returned = await Promise.all(
    cast.crowds.map((crowd) =>
      crowd.call({ command: 'come back', startMicros, timeoutMs: RETURN_WITHIN_MS }, returnedSchema),
    ),
  );
  const returnMs = (monotonicMicros() - startMicros) / 1_000;
  const after = await momentOf(server);
  const published = await cast.publisher.call({ command: 'end' }, publishReportSchema);
  await delay(SILENCE_MS);
  const crowds = await Promise.all(cast.crowds.map((crowd) => crowd.call({ command: 'report' }, crowdReportSchema)));
  await delay(SETTLE_MS);
  return {
    restartMs,
    returnMs,
    crowds,
    gathered,
    before,
    after,
    settled: await momentOf(server),
    published,
    crowdCpuMicros: returned.map(({ cpuMicros }) => cpuMicros),
  };
}

async function gather({ server, crowds }: Cast, { connections, topics, missed }: StormPlan): Promise<void> {
  const tokens: string[] = [];
  for (let i = 0; i < PEOPLE; i++) tokens.push(await mintToken(server.port, `person-${i}`, [STORM_TOPICS]));
  const population: Population = { port: server.port, tokens, topics, missed };
  await Promise.all(
    crowds.map(async (crowd, index) => {
      const from = Math.round((connections * index) / crowds.length);
      const count = Math.round((connections * (index + 1)) / crowds.length) - from;
      await crowd.call(
        { command: 'gather', population: { ...population, tokens: [...tokens] }, from, count },
        nothingSchema,
      );
    }),
  );
}

/** Returns how long it took, milliseconds. */
async function killAndRestart({ server, crowds }: Cast): Promise<number> {
  await Promise.all(crowds.map((crowd) => crowd.call({ command: 'brace' }, nothingSchema)));
  const startMicros = monotonicMicros();
  await server.kill();
  await server.restart();
  const restartMs = (monotonicMicros() - startMicros) / 1_000;
  await Promise.all(crowds.map((crowd) => crowd.call({ command: 'broken' }, nothingSchema)));
  return restartMs;
}

/** Round after round over all topics, so that no client's are side by side in the log. */
async function publishMissed(port: number, { topics, missed }: StormPlan): Promise<void> {
  const padding = 'x'.repeat(PAYLOAD_BYTES);
  const all: object[] = [];
  for (let round = 0; round < missed; round++)
    for (let topic = 0; topic < topics; topic++)
      all.push({ topic: topicNamed(topic), data: { n: firstNumberOf(topic, missed) + round, padding } });
  for (let at = 0; at < all.length; at += BATCH) await publishBatch(port, all.slice(at, at + BATCH));
}

async function publishBatch(port: number, notifications: readonly object[]): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/notifications/batch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ notifications }),
  });
  const { results } = z.object({ results: z.array(z.object({ status: z.number() })) }).parse(await response.json());
  if (results.some(({ status }) => status !== 201)) throw new Error('what is to be missed was not accepted');
}

/** Each lane has a topic of its own, which nobody reads. */
function foreignTarget(port: number): PublishTarget {
  const message = `{"topic":"elsewhere/{lane}","data":${markedPayload(PAYLOAD_BYTES)}}`;
  return singlePosts({ port, path: '/v1/notifications', message, headers: { authorization: `Bearer ${API_KEY}` } });
}

function foreignLoad({ foreignPerSecond }: StormPlan): Extract<PublishCommand, { command: 'begin' }>['load'] {
  return { kind: 'open', lanes: FOREIGN_LANES, perSecond: foreignPerSecond, durationMs: RETURN_WITHIN_MS * 2 };
}

async function momentOf(server: ServerProcess): Promise<Moment> {
  return {
    server: server.usage(),
    metrics: await readMetrics(server.port),
    machineBusySeconds: machineBusySeconds(),
    listenOverflows: listenOverflows(),
  };
}
