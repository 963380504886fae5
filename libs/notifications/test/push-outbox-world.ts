import { Access, accessConfigSchema } from '#clarion/access';
import { MemoryAccessStore } from '../../../test/support/memory-access-store.js';
import type { PushChannel, PushMessage, PushOutcome } from '../src/push/push-channel.js';
import { PushOutbox, type OutboxLimits } from '../src/push/push-outbox.js';
import { PushStats } from '../src/push/push-stats.js';
import type { Claim, ClaimedPush, ClaimRequest, PushSettlement, StoredDevice } from '../src/push/push-store.js';

interface Row {
  readonly push: ClaimedPush;
  nextAt: number;
  attempts: number;
  shortened: number;
  state: string;
}

/** What an outbox asks of its store, in an array. */
export class MemoryOutboxStore {
  readonly rows: Row[] = [];
  readonly claims: ClaimRequest[] = [];
  readonly settled: PushSettlement[] = [];
  /** Thrown once by each of the next calls. */
  readonly failures: { claim: Error[]; settle: Error[] } = { claim: [], settle: [] };

  add(...pushes: readonly ClaimedPush[]): void {
    for (const push of pushes) this.rows.push({ push, nextAt: 0, attempts: 0, shortened: 0, state: 'waiting' });
  }

  async claim(request: ClaimRequest): Promise<Claim> {
    const failure = this.failures.claim.shift();
    if (failure !== undefined) throw failure;
    this.claims.push(request);
    const busy = new Set(request.exceptDevices.map(({ user, device }) => `${user} ${device}`));
    const perHost = new Map(Object.entries(request.room ?? {}));
    const taken: Row[] = [];
    for (const row of this.rows) {
      const { device } = row.push;
      const host = hostOf(device.endpoint);
      const room = perHost.get(host) ?? request.perHost ?? request.limit;
      const isDue = row.state === 'waiting' && row.nextAt <= request.now;
      const key = `${device.user} ${device.id}`;
      if (!isDue || busy.has(key) || request.exceptHosts.includes(host) || room <= 0) continue;
      if (taken.length === request.limit) break;
      perHost.set(host, room - 1);
      busy.add(key);
      row.nextAt = request.now + request.leaseMs;
      row.attempts++;
      taken.push(row);
    }
    const pushes = taken.map(({ push, attempts, shortened }) => ({ ...push, attempt: attempts, shortened }));
    return { pushes, cancelled: {} };
  }

  async settle(settlements: readonly PushSettlement[]): Promise<void> {
    const failure = this.failures.settle.shift();
    if (failure !== undefined) throw failure;
    for (const settlement of settlements) {
      this.settled.push(settlement);
      const row = this.rows.find(({ push }) => push.id === settlement.id);
      if (row === undefined) continue;
      row.state = settlement.state;
      if (settlement.state !== 'waiting') continue;
      row.nextAt = settlement.nextAt;
      row.shortened = settlement.shortened;
    }
  }
}

/** One attempt that a channel was asked for. */
export interface Attempt {
  readonly device: StoredDevice;
  readonly message: PushMessage;
  readonly signal: AbortSignal;
  readonly answer: (outcome: PushOutcome) => void;
}

/** Answers when it is told to, or at once by `script`; ends when it is aborted. */
export class HandChannel implements PushChannel {
  readonly publicKey = 'key';
  readonly attempts: Attempt[] = [];
  script: ((device: StoredDevice, message: PushMessage) => PushOutcome | undefined) | undefined;

  assertAcceptable(): void {}

  hostOf(endpoint: string): string {
    return hostOf(endpoint);
  }

  deliver(device: StoredDevice, message: PushMessage, signal: AbortSignal): Promise<PushOutcome> {
    return new Promise((answer) => {
      this.attempts.push({ device, message, signal, answer });
      signal.addEventListener('abort', () => answer({ outcome: 'later', reason: 'aborted' }));
      const scripted = this.script?.(device, message);
      if (scripted !== undefined) answer(scripted);
    });
  }
}

export interface OutboxWorld {
  readonly store: MemoryOutboxStore;
  readonly channel: HandChannel;
  readonly stats: PushStats;
  readonly access: Access;
  readonly outbox: PushOutbox;
  readonly errors: unknown[];
  readonly wakes: number[];
  readonly removed: string[];
}

export function outboxWorld(limits: Partial<OutboxLimits> = {}): OutboxWorld {
  const store = new MemoryOutboxStore();
  const channel = new HandChannel();
  const stats = new PushStats();
  const errors: unknown[] = [];
  const wakes: number[] = [];
  const removed: string[] = [];
  const config = { apiKey: 'an-api-key-for-tests', tokenSecret: 'a-secret-of-at-least-32-bytes-here' };
  const access = new Access(accessConfigSchema.parse(config), new MemoryAccessStore(), () => undefined);
  const outbox = new PushOutbox(
    store,
    channel,
    { concurrency: 64, perHost: 16, maxAttempts: 8, ...limits },
    {
      access,
      unread: async () => 3,
      remove: async ({ device }) => {
        removed.push(device.id);
        const mine = store.rows.filter(({ push }) => push.device.id === device.id);
        for (const row of mine) row.state = 'gone';
        return mine.length > 0;
      },
      wake: (at) => void wakes.push(at),
      onError: (error) => void errors.push(error),
    },
    stats,
  );
  return { store, channel, stats, access, outbox, errors, wakes, removed };
}

function hostOf(endpoint: string): string {
  return new URL(endpoint).host;
}
