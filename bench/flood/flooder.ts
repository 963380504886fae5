import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMicros } from '../clock.js';
import { DeliveryCheck } from '../delivery-check.js';
import { markedPayload, MAX_LANES } from '../mark.js';
import { PublishLane } from '../publish-lane.js';
import { singlePosts } from '../publish-targets.js';
import type { Reader } from '../reader.js';
import { openSseReader } from '../sse-reader.js';
import { FloodConnection, type FloodAnswer } from './flood-connection.js';
import type { FloodTarget } from './flood-messages.js';
import type { FloodCrew } from './flood.js';
import { FloodTally, type FloodReport } from './flood-tally.js';

const PAYLOAD_BYTES = 200;
/** Due publishes are looked for so often. Milliseconds. */
const TICK_MS = 1;
const LAST_ANSWERS_MS = 20_000;
const OPENED_AT_ONCE = 200;

/** Lanes that share a topic, which one subscriber reads. */
interface Group {
  readonly topic: string;
  readonly lanes: PublishLane[];
  readonly check: DeliveryCheck;
}

/**
 * Publishes over many kept connections, one request in flight on each, and reads all that was published. Open loop: publishes are due at
 * their rate whatever the server does; one that finds every connection waiting for an answer is not sent at all, as nobody could.
 */
export class Flooder implements FloodCrew {
  readonly #groups: readonly Group[];
  readonly #free: FloodConnection[] = [];
  readonly #connections: FloodConnection[] = [];
  readonly #readers: Reader[] = [];
  readonly #faults: string[] = [];
  #tally = new FloodTally();
  #onFree: (connection: FloodConnection) => void = (connection) => void this.#free.push(connection);

  private constructor(groups: readonly Group[]) {
    this.#groups = groups;
  }

  /** Resolves when all connections are open and the subscribers read. */
  static async gather(target: FloodTarget): Promise<Flooder> {
    const groups = groupsOf(target);
    const flooder = new Flooder(groups);
    for (const group of groups) await flooder.#read(target, group);
    const lanes = groups.flatMap((group) => group.lanes);
    for (let at = 0; at < lanes.length; at += OPENED_AT_ONCE)
      await Promise.all(lanes.slice(at, at + OPENED_AT_ONCE).map((lane) => flooder.#connect(target.port, lane)));
    return flooder;
  }

  /** Accepted publishes a second, when each of `window` connections sends its next one as soon as it is answered. */
  async capacity(window: number, durationMs: number): Promise<number> {
    const endAt = monotonicMicros() + durationMs * 1_000;
    this.#tally = new FloodTally();
    this.#onFree = (connection) => {
      if (monotonicMicros() < endAt) connection.send();
      else this.#free.push(connection);
    };
    for (const connection of this.#free.splice(0, window)) connection.send();
    await delay(durationMs);
    await this.#allFree();
    return (this.#tally.report(0).accepted / durationMs) * 1_000;
  }

  /** Publishes at a rate, and resolves when all that was sent is answered. */
  async flood(perSecond: number, durationMs: number): Promise<FloodReport> {
    this.#tally = new FloodTally();
    this.#onFree = (connection) => void this.#free.push(connection);
    const from = monotonicMicros();
    const inAll = Math.floor((perSecond * durationMs) / 1_000);
    while (this.#tally.due < inAll) {
      const due = Math.min(inAll, Math.floor(((monotonicMicros() - from) / 1_000_000) * perSecond));
      while (this.#tally.due < due) this.#sendDue();
      await delay(TICK_MS);
    }
    const seconds = (monotonicMicros() - from) / 1_000_000;
    await this.#allFree();
    return this.#tally.report(seconds);
  }

  /** What was wrong with what the subscribers heard of all that was accepted so far; empty: each of it once, in order, and nothing else. */
  async faults(timeoutMs: number): Promise<string[]> {
    const patience = AbortSignal.timeout(timeoutMs);
    const verdicts = (): string[] =>
      this.#groups.flatMap(({ topic, lanes, check }) => {
        const verdict = check.verdict(lanes.map((lane) => lane.accepted));
        return verdict === null ? [] : [`${topic}: ${verdict}`];
      });
    while (verdicts().length > 0 && !patience.aborted) await delay(20);
    return [...this.#faults, ...verdicts()];
  }

  close(): void {
    for (const closing of [...this.#connections, ...this.#readers]) closing.close();
  }

  #sendDue(): void {
    this.#tally.due++;
    const connection = this.#free.shift();
    if (connection === undefined) this.#tally.unsent++;
    else connection.send();
  }

  async #allFree(): Promise<void> {
    const patience = AbortSignal.timeout(LAST_ANSWERS_MS);
    while (this.#free.length < this.#connections.length) {
      if (patience.aborted) throw new Error('the last publishes were not answered');
      if (this.#faults.length > 0) throw new Error(this.#faults.join('; '));
      await delay(TICK_MS);
    }
  }

  async #connect(port: number, lane: PublishLane): Promise<void> {
    const onAnswer = (connection: FloodConnection, answer: FloodAnswer): void => {
      this.#tally.take(answer);
      this.#onFree(connection);
    };
    const opened = await FloodConnection.open(port, lane, onAnswer, (reason) => this.#faults.push(reason));
    this.#connections.push(opened);
    this.#free.push(opened);
  }

  async #read({ port, token }: FloodTarget, { topic, check }: Group): Promise<void> {
    const wants = { topics: 1, topicsPerReader: 1, item: topic, separator: ',' };
    const path = `/v1/events?topics={topics}&access_token=${token}`;
    const onMark = (lane: number, sequence: number): void => check.accept(lane, sequence);
    const events = { onData: () => undefined, onMark, onLost: (reason: string) => this.#faults.push(reason) };
    this.#readers.push(
      await openSseReader({ transport: 'sse', port, wants, path, readyText: 'event: ready' }, 0, events),
    );
  }
}

function groupsOf({ port, apiKey, connections }: FloodTarget): Group[] {
  return Array.from({ length: Math.ceil(connections / MAX_LANES) }, (_, index) => {
    const count = Math.min(MAX_LANES, connections - index * MAX_LANES);
    const topic = `flood/${index}`;
    const target = singlePosts({
      port,
      path: '/v1/notifications',
      message: `{"topic":"${topic}","data":${markedPayload(PAYLOAD_BYTES)}}`,
      headers: { authorization: `Bearer ${apiKey}` },
    });
    const lanes = Array.from({ length: count }, (_lane, lane) => new PublishLane(lane, target));
    return { topic, lanes, check: new DeliveryCheck(count) };
  });
}
