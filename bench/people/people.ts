import { z } from 'zod';
import { CommandedProcess } from '../child-process.js';
import { API_KEY, clarionProgram, mintToken } from '../clarion.js';
import { markedPayload } from '../mark.js';
import {
  publishReportSchema,
  readReportSchema,
  type PublishCommand,
  type PublishTarget,
  type ReaderCommand,
  type Wants,
} from '../messages.js';
import { singlePosts } from '../publish-targets.js';
import { ServerProcess } from '../server-process.js';
import { PAYLOAD_BYTES } from '../subjects.js';
import { seedFollowers } from './followers.js';
import { countRows } from './rows.js';

/** How large it is. */
export interface PeoplePlan {
  /** People who read, one connection each. */
  readonly connected: number;
  /** Followers who are not connected. */
  readonly away: number;
  readonly durationMs: number;
  readonly repetitions: number;
}

/** What one kind of publish cost. */
export interface PublishCost {
  readonly perSecond: number;
  /** Of the server, for each publish and all of its deliveries. Microseconds. */
  readonly cpuMicros: number;
  readonly deliveries: number;
  readonly faults: readonly string[];
}

/** One round, each figure beside the one it is compared with. */
export interface PeopleRound {
  /** To a topic that only those connected follow; and one that 100,000 more do. */
  readonly followed: { readonly few: PublishCost; readonly many: PublishCost };
  /** To topics with one reader each; and to people by name, with receipts. */
  readonly named: { readonly topics: PublishCost; readonly users: PublishCost };
}

export interface PeopleRecord {
  readonly rounds: readonly PeopleRound[];
  /** Rows that 100 publishes to the topic added, with few followers and with many. */
  readonly rows: { readonly few: number; readonly many: number };
}

const LANES = 16;
const TOPIC = 'news/1';
const nothingSchema = z.null();

/** A server, those who read there, and the directory of its data. */
class Scene {
  readonly readers = new CommandedProcess<ReaderCommand>('reader-process');

  private constructor(
    readonly server: ServerProcess,
    readonly dataDir: string,
    readonly tokens: readonly string[],
  ) {}

  static async open(connected: number, away: number): Promise<Scene> {
    let dataDir = '';
    const server = await ServerProcess.start(clarionProgram({ env: (dir) => ((dataDir = dir), {}) }));
    if (away > 0) {
      await server.kill();
      await seedFollowers(dataDir, TOPIC, away);
      await server.restart();
    }
    const tokens: string[] = [];
    for (let i = 0; i < connected; i++) tokens.push(await mintToken(server.port, personOf(i), ['news/*', 'single/*']));
    return new Scene(server, dataDir, tokens);
  }

  async follow(): Promise<void> {
    for (const token of this.tokens)
      await fetch(`http://127.0.0.1:${this.server.port}/v1/me/follows?topic=${TOPIC}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${token}` },
      });
  }

  /** Reads, has published, and counts what the server took for it. */
  async cost(
    publisher: CommandedProcess<PublishCommand>,
    item: string,
    topics: number,
    target: PublishTarget,
    durationMs: number,
  ): Promise<PublishCost> {
    const wants: Wants = { topics, topicsPerReader: 1, item, separator: ',', tokens: [...this.tokens] };
    const path = '/v1/events?topics={topics}&access_token={token}';
    const reading = { transport: 'sse', port: this.server.port, wants, path, readyText: 'event: ready' } as const;
    await this.readers.call({ command: 'open', target: reading, first: 0, count: this.tokens.length }, nothingSchema);
    await publisher.call(publishing(target, 500), publishReportSchema);
    await this.readers.call({ command: 'close' }, nothingSchema);
    await this.readers.call({ command: 'open', target: reading, first: 0, count: this.tokens.length }, nothingSchema);
    await this.readers.call({ command: 'begin', lanes: LANES }, nothingSchema);
    const before = this.server.usage().cpuSeconds;
    const { sent, firstAtMicros, lastAtMicros } = await publisher.call(
      publishing(target, durationMs),
      publishReportSchema,
    );
    const { deliveries, faults } = await this.readers.call(
      { command: 'finish', sent, timeoutMs: 10_000 },
      readReportSchema,
    );
    const cpuSeconds = this.server.usage().cpuSeconds - before;
    await this.readers.call({ command: 'close' }, nothingSchema);
    const publishes = sent.reduce((sum, count) => sum + count, 0);
    return {
      perSecond: (publishes / (lastAtMicros - firstAtMicros)) * 1e6,
      cpuMicros: (cpuSeconds / publishes) * 1e6,
      deliveries,
      faults,
    };
  }

  async close(): Promise<void> {
    await this.readers.stop();
    await this.server.stop();
  }
}

/** Two servers that differ in nothing but who follows, asked in turn. */
export async function measurePeople(plan: PeoplePlan, tell: (text: string) => void): Promise<PeopleRecord> {
  const scenes: Scene[] = [];
  const publisher = new CommandedProcess<PublishCommand>('publisher-process');
  try {
    for (const away of [0, plan.away]) {
      tell(`a server with ${plan.connected} followers connected and ${away} away`);
      const scene = await Scene.open(plan.connected, away);
      scenes.push(scene);
      await scene.follow();
    }
    return await play(scenes, publisher, plan, tell);
  } finally {
    await publisher.stop();
    await Promise.all(scenes.map((scene) => scene.close()));
  }
}

async function play(
  [few, many]: readonly Scene[],
  publisher: CommandedProcess<PublishCommand>,
  plan: PeoplePlan,
  tell: (text: string) => void,
): Promise<PeopleRecord> {
  if (few === undefined || many === undefined) throw new Error('two servers are compared');
  const rounds: PeopleRound[] = [];
  const rows = { few: await rowsOf(few), many: await rowsOf(many) };
  for (let round = 0; round < plan.repetitions; round++) {
    tell(`round ${round + 1} of ${plan.repetitions}`);
    const followed = (scene: Scene): Promise<PublishCost> =>
      scene.cost(publisher, TOPIC, 1, toTopic(scene, TOPIC, 1), plan.durationMs);
    const count = plan.connected;
    rounds.push({
      followed: { few: await followed(few), many: await followed(many) },
      named: {
        topics: await few.cost(
          publisher,
          'single/{topic}',
          count,
          toTopic(few, 'single/{topic}', count),
          plan.durationMs,
        ),
        users: await few.cost(publisher, 'users/me', count, toPeople(few, count), plan.durationMs),
      },
    });
  }
  return { rounds, rows };
}

function publishing(target: PublishTarget, durationMs: number): PublishCommand {
  return { command: 'publish', target, load: { kind: 'closed', lanes: LANES, durationMs } };
}

function toTopic({ server }: Scene, topic: string, topics: number): PublishTarget {
  return post(server.port, `{"topic":"${topic}","data":${markedPayload(PAYLOAD_BYTES)}}`, topics);
}

function toPeople({ server }: Scene, topics: number): PublishTarget {
  return post(server.port, `{"user":"u-{topic}","data":${markedPayload(PAYLOAD_BYTES)}}`, topics);
}

function post(port: number, message: string, topics: number): PublishTarget {
  return singlePosts({
    port,
    path: '/v1/notifications',
    message,
    topics,
    headers: { authorization: `Bearer ${API_KEY}` },
  });
}

/** As the publisher writes the number of a topic: five digits. */
function personOf(index: number): string {
  return `u-${String(index).padStart(5, '0')}`;
}

async function rowsOf({ server, dataDir }: Scene): Promise<number> {
  const before = countRows(dataDir);
  for (let i = 0; i < 100; i++) {
    const response = await fetch(`http://127.0.0.1:${server.port}/v1/notifications`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ topic: TOPIC, title: 't' }),
    });
    if (!response.ok) throw new Error(`not published: ${response.status}`);
  }
  return countRows(dataDir) - before;
}
