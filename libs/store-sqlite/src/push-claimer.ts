import type { Claim, ClaimedPush, ClaimRequest, StoredDevice } from '#clarion/notifications';
import { integer, text, textOrNull, type Connection, type Row } from './connection.js';
import { closedOf, type Closing } from './closing.js';
import { toDevice } from './device-row.js';
import { prepareAll, type Prepared } from './prepared.js';
import { PushJudge } from './push-judge.js';
import { PUSH_QUERIES } from './push-queries.js';
import { PushQueues, type QueueOf } from './push-queues.js';

const NAMES = [
  'device',
  'nextHost',
  'nextDevice',
  'firstWaiting',
  'attempt',
  'cancel',
  'dropPush',
  'sameTagLater',
] as const;

/** Pushes that one claim looks at, beside those it takes: each is asked after, on the thread that writes. */
const MAX_LOOKED_AT = 500;

/** The columns of `firstWaiting`. */
interface Waiting {
  readonly id: number;
  readonly closes: string | null;
  readonly until: number;
  readonly row: Row;
}

/** What one claim has come to. */
interface Claiming {
  readonly request: ClaimRequest;
  readonly exceptDevices: string;
  readonly pushes: ClaimedPush[];
  readonly cancelled: Record<string, number>;
  /** How much may still be taken, by host; what is not there may have what each may. */
  readonly room: Map<string, number>;
  left: number;
}

/**
 * Takes what is to be tried now. It goes from host to host, whichever has waited longest, and from each takes the device that has waited longest: a host that
 * hangs, or a device, is passed over in one step, whatever waits there.
 */
export class PushClaimer {
  readonly #connection: Connection;
  readonly #judge: PushJudge;
  readonly #queues: PushQueues;
  readonly #sql: Prepared<(typeof NAMES)[number]>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#judge = new PushJudge(connection);
    this.#queues = new PushQueues(connection);
    this.#sql = prepareAll(connection, PUSH_QUERIES, NAMES);
  }

  claim(request: ClaimRequest): Claim {
    const claiming = begin(request);
    this.#connection.write(() => {
      while (claiming.pushes.length < request.limit && claiming.left > 0) {
        const full = [...claiming.room].filter(([, room]) => room <= 0).map(([host]) => host);
        const host = this.#sql.nextHost.get([request.now, JSON.stringify(full)]);
        if (host === undefined) break;
        this.#claimAt(text(host, 0), claiming);
      }
    });
    return { pushes: claiming.pushes, cancelled: claiming.cancelled };
  }

  releaseAll(): void {
    this.#connection.write(() => {
      this.#queues.releaseAll();
      this.#queues.refresh();
    });
  }

  /** Of the device that has waited longest there. */
  #claimAt(host: string, claiming: Claiming): void {
    const { request, room } = claiming;
    const next = this.#sql.nextDevice.get([host, request.now, claiming.exceptDevices]);
    if (next === undefined) {
      room.set(host, 0);
      this.#queues.refreshHost(host);
      return;
    }
    if (this.#claimOf({ user: text(next, 0), device: text(next, 1) }, claiming))
      room.set(host, (room.get(host) ?? request.perHost ?? request.limit) - 1);
    this.#queues.refresh();
  }

  /** @returns whether something was taken. */
  #claimOf(queue: QueueOf, claiming: Claiming): boolean {
    const device = this.#deviceOf(queue);
    while (claiming.left-- > 0) {
      const waiting = device && this.#firstWaiting(queue);
      if (device === undefined || waiting === undefined) {
        this.#queues.drop(queue);
        return false;
      }
      const claimed = this.#judged(waiting, device, claiming);
      if (claimed === undefined) continue;
      const { now, leaseMs } = claiming.request;
      this.#sql.attempt.run([waiting.id, now]);
      this.#queues.hold(queue, now + leaseMs, waiting.id);
      claiming.pushes.push(claimed);
      return true;
    }
    return false;
  }

  #deviceOf({ user, device }: QueueOf): StoredDevice | undefined {
    const row = this.#sql.device.get([user, device]);
    return row === undefined ? undefined : toDevice(row);
  }

  #firstWaiting({ user, device }: QueueOf): Waiting | undefined {
    const row = this.#sql.firstWaiting.get([user, device]);
    if (row === undefined) return undefined;
    return { id: integer(row, 0), closes: textOrNull(row, 4), until: integer(row, 5), row };
  }

  /** As it is to be sent; undefined: it is wanted no longer, and this was noted. */
  #judged(waiting: Waiting, device: StoredDevice, claiming: Claiming): ClaimedPush | undefined {
    const { id, closes, until, row } = waiting;
    const { now } = claiming.request;
    const claimed = { id, device, attempt: integer(row, 6) + 1, shortened: integer(row, 7), until };
    if (closes !== null) {
      const closed = until < now ? [] : this.#closed(closedOf(closes), device);
      if (closed.length > 0) return { ...claimed, kind: 'close', closed };
      this.#sql.dropPush.run([id]);
      count(claiming.cancelled, until < now ? 'too_late' : 'replaced');
      return undefined;
    }
    const verdict =
      until < now ? ({ lost: 'too_late' } as const) : this.#judge.verdict(device.user, integer(row, 1), now);
    if ('lost' in verdict) {
      this.#sql.cancel.run([id, verdict.lost, now]);
      count(claiming.cancelled, verdict.lost);
      return undefined;
    }
    const [own, ticket] = [text(row, 2), text(row, 3)];
    const topic = verdict.topics.includes(own) ? own : (verdict.topics[0] ?? own);
    return { ...claimed, kind: 'show', entry: verdict.entry, topic, ticket };
  }

  /** Without those in whose place the device shows a newer one: closing them would close that. */
  #closed(closing: readonly Closing[], { user, id }: StoredDevice): { id: string; collapseKey?: string }[] {
    return closing
      .filter(
        ({ push, collapseKey }) =>
          collapseKey === null || this.#sql.sameTagLater.get([user, id, collapseKey, push]) === undefined,
      )
      .map(({ id: notification, collapseKey }) => ({
        id: notification,
        ...(collapseKey !== null && { collapseKey }),
      }));
  }
}

function begin(request: ClaimRequest): Claiming {
  const { exceptDevices, exceptHosts, perHost, room = {}, limit } = request;
  return {
    request,
    exceptDevices: JSON.stringify(exceptDevices.map(({ user, device }) => [user, device])),
    pushes: [],
    cancelled: {},
    room: new Map([
      ...Object.entries(room).map(([host, left]) => [host, Math.min(left, perHost ?? limit)] as const),
      ...exceptHosts.map((host) => [host, 0] as const),
    ]),
    left: MAX_LOOKED_AT + limit,
  };
}

function count(counts: Record<string, number>, reason: string): void {
  counts[reason] = (counts[reason] ?? 0) + 1;
}
