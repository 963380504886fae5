import { setTimeout as sleep } from 'node:timers/promises';
import { check, outstanding, type Violation } from '../support/checker.js';
import { Publisher } from '../support/publisher.js';
import { connectEventSource, connectSocketIo, type RecordingClient } from '../support/recording-clients.js';
import type { PublishRecord } from '../support/records.js';
import { TcpProxy } from '../support/tcp-proxy.js';

/** A server that can be killed and comes back on the same port with the same disk. */
export interface Target {
  readonly port: number;
  readonly apiKey: string;
  /** Reads every topic of the scenario as `u-1`. */
  readonly token: string;
  kill(): Promise<unknown>;
  start(): Promise<unknown>;
}

export interface Plan {
  /** Notifications, over all publishers. */
  readonly publishes: number;
  readonly publishers: number;
  /** Each connection is cut so often; there is one burst per cut. */
  readonly cuts: number;
  readonly kills: number;
  readonly padBytes: number;
  /** How long clients stay out of reach after every second cut, while publishing goes on: a tunnel. */
  readonly tunnelMs: number;
  /** How long stragglers may take to become complete after the last publish. */
  readonly settleMs: number;
}

export interface Outcome {
  readonly violations: readonly Violation[];
  readonly publishes: readonly PublishRecord[];
  readonly replays: number;
  /** Of all cuts, those that split what the server wrote at once. */
  readonly cutsInMidChunk: number;
  /** By client. */
  readonly cuts: Readonly<Record<string, number>>;
  readonly heard: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
}

interface Reader {
  readonly client: RecordingClient;
  readonly proxy: TcpProxy;
}

/** How long a stock client may take to come back, of which its own delays are 200 ms at most. */
const RECONNECT_MS = 20_000;
/** Per publish of a burst, of answers with their headers: publishers are cut in its second half. */
const BYTES_BEFORE_PUBLISHERS_ARE_CUT = 120;

/**
 * Publishes in bursts while the network resets every connection in the middle of each, and the server is killed in some, and
 * holds what stock clients heard against what was published. Clients and publishers each have a network of their own.
 */
export async function cutsAndKills(target: Target, plan: Plan): Promise<Outcome> {
  const readers = await connectAll(target);
  const publisherNetwork = await TcpProxy.listen(target.port);
  const publishers = Array.from(
    { length: plan.publishers },
    (_, index) =>
      new Publisher({ name: `p${index}`, url: publisherNetwork.url, apiKey: target.apiKey, padBytes: plan.padBytes }),
  );
  try {
    await Promise.all(readers.map(({ client }) => client.log.until('ready', () => client.log.count('ready') > 0)));
    await bursts(target, plan, readers, publishers, publisherNetwork);
    const publishes = publishers.flatMap(({ records }) => records);
    await Promise.all(readers.map(({ client }) => settled(client, publishes, plan.settleMs)));
    return outcome(readers, publishers, publishes);
  } finally {
    for (const { client } of readers) client.close();
    await Promise.all([publisherNetwork.close(), ...readers.map(({ proxy }) => proxy.close())]);
  }
}

/** The stock clients: every transport of Socket.IO and EventSource, on exact topics, patterns, the own topic, and one that is added later. */
async function connectAll(target: Target): Promise<Reader[]> {
  const { token } = target;
  const own = { selectors: ['users/u-1', 'chaos/0'], topics: ['users/me', 'chaos/0'] };
  const makers: ((url: string) => RecordingClient)[] = [
    (url) => connectSocketIo({ client: 'socket.io websocket', url, token, selectors: ['chaos/**'] }, ['websocket']),
    (url) => connectSocketIo({ client: 'socket.io polling', url, token, selectors: ['chaos/**'] }, ['polling']),
    (url) => connectSocketIo({ client: 'socket.io upgrading', url, token, ...own }, ['polling', 'websocket']),
    (url) =>
      withLateTopic(
        connectSocketIo({ client: 'socket.io late topic', url, token, selectors: ['chaos/1'] }, ['websocket']),
      ),
    (url) => connectEventSource({ client: 'eventsource', url, token, selectors: ['chaos/**'] }),
    (url) => connectEventSource({ client: 'eventsource own topic', url, token, ...own }),
  ];
  return Promise.all(
    makers.map(async (make) => {
      const proxy = await TcpProxy.listen(target.port);
      return { client: make(proxy.url), proxy };
    }),
  );
}

/** Subscribes to `chaos/2` after a few notifications, whatever the network does meanwhile. */
function withLateTopic(client: ReturnType<typeof connectSocketIo>): RecordingClient {
  const { log } = client;
  log
    .until('some notifications', () => log.count('notification') >= 10)
    .then(() => client.subscribe(['chaos/2']))
    .catch((error: unknown) => log.failed(String(error)));
  return client;
}

async function bursts(
  target: Target,
  plan: Plan,
  readers: readonly Reader[],
  publishers: readonly Publisher[],
  publisherNetwork: TcpProxy,
): Promise<void> {
  const perBurst = plan.publishes / plan.cuts;
  const killsLeft = new Set(
    Array.from({ length: plan.kills }, (_, kill) => Math.floor(((kill + 0.5) * plan.cuts) / plan.kills)),
  );
  for (let burst = 0; burst < plan.cuts; burst++) {
    void publisherNetwork.cutAfter(perBurst * BYTES_BEFORE_PUBLISHERS_ARE_CUT);
    const published = publishBurst(publishers, perBurst);
    const tunnelMs = burst % 2 === 1 ? plan.tunnelMs : 0;
    const cut = readers.map((reader, index) => cutOnce(reader, published, tunnelMs, (burst * 7 + index * 3) % 10));
    if (killsLeft.has(burst)) await killInTheMiddle(target, publishers, perBurst);
    await Promise.all([published, ...cut]);
    await Promise.all(readers.map(({ client }) => back(client)));
  }
}

/**
 * Resets the reader's connections in the middle of what it is being sent: after `tenths` of a few kilobytes. A reader that gets
 * too little of this burst is reset when the burst is over.
 */
async function cutOnce(
  { client, proxy }: Reader,
  burst: Promise<void>,
  tunnelMs: number,
  tenths: number,
): Promise<void> {
  const opened = client.log.count('opened');
  const before = proxy.cuts;
  await Promise.race([proxy.cutAfter(300 + tenths * 700), burst]);
  proxy.disarm();
  while (proxy.cuts === before) {
    if (proxy.cutAll() === 0) await sleep(20);
  }
  if (tunnelMs > 0) {
    proxy.lose();
    await sleep(tunnelMs);
    proxy.reach();
  }
  await client.log.until('connection after a cut', () => client.log.count('opened') > opened, RECONNECT_MS);
}

/** Round robin over topics: everybody's, one's own, and the one that is subscribed late. */
async function publishBurst(publishers: readonly Publisher[], count: number): Promise<void> {
  let next = 0;
  await Promise.all(
    publishers.map(async (publisher) => {
      while (next < count) await publisher.publish(audienceFor(next++));
    }),
  );
}

function audienceFor(turn: number): { topics?: string[]; users?: string[] } {
  if (turn % 10 === 8) return { users: ['u-1', 'u-2'] };
  if (turn % 10 === 9) return { topics: ['chaos/0', 'chaos/1'], users: ['u-1'] };
  return { topics: [`chaos/${turn % 4}`] };
}

/** Kills after the first quarter of the burst, when every publisher waits for an answer. */
async function killInTheMiddle(target: Target, publishers: readonly Publisher[], perBurst: number): Promise<void> {
  const begun = () => publishers.reduce((sum, { records }) => sum + records.length, 0);
  const start = begun();
  while (begun() < start + perBurst / 4) await sleep(1);
  await target.kill();
  await target.start();
}

/** Open again, and ready. */
async function back({ log }: RecordingClient): Promise<void> {
  const isReady = () =>
    log.heard.findLastIndex(({ kind }) => kind === 'ready') > log.heard.findLastIndex(({ kind }) => kind === 'opened');
  await log.until('ready after a cut', isReady, RECONNECT_MS);
}

/** Complete, or given up on: then the checker says what is missing. */
async function settled({ log }: RecordingClient, publishes: readonly PublishRecord[], settleMs: number): Promise<void> {
  const deadline = performance.now() + settleMs;
  while (outstanding(publishes, log) > 0 && performance.now() < deadline) await sleep(100);
}

function outcome(
  readers: readonly Reader[],
  publishers: readonly Publisher[],
  publishes: readonly PublishRecord[],
): Outcome {
  const logs = readers.map(({ client }) => client.log);
  return {
    violations: check(publishes, logs),
    publishes,
    replays: publishers.reduce((sum, { replays }) => sum + replays, 0),
    cuts: Object.fromEntries(readers.map(({ client, proxy }) => [client.log.client, proxy.cuts])),
    cutsInMidChunk: readers.reduce((sum, { proxy }) => sum + proxy.cutsInMidChunk, 0),
    heard: Object.fromEntries(logs.map((log) => [log.client, log.count('notification')])),
    failures: logs.flatMap(({ client, failures }) => failures.map((failure) => `${client}: ${failure}`)),
  };
}
