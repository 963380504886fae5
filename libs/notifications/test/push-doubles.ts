import type { LogEntry } from '#clarion/event-bus';
import type { ClaimedPush, PushCandidate, StoredDevice } from '../src/push/push-store.js';

/** Of the person `user`. */
export function aDevice(user: string, id: string, more: Partial<StoredDevice> = {}): StoredDevice {
  return {
    user,
    id,
    endpoint: `https://push.example/${user}/${id}`,
    p256dh: '',
    auth: '',
    name: null,
    locale: null,
    timeZone: null,
    subscribe: [],
    issuedAt: null,
    since: 0,
    createdAt: 0,
    verifiedAt: 0,
    lastSuccessAt: null,
    failures: 0,
    lastFailureAt: null,
    lastFailureReason: null,
    ...more,
  };
}

export function anEntry(more: Partial<LogEntry> = {}): LogEntry {
  return {
    offset: 7,
    id: 'n-7',
    topics: ['users/u-1'],
    publishedAt: 1_000,
    body: '"title":"Hello","publishedAt":"1970-01-01T00:00:01.000Z"',
    ...more,
  };
}

export function aCandidate(user: string, more: Partial<PushCandidate> = {}): PushCandidate {
  return {
    user,
    topics: [`users/${user}`],
    preferences: undefined,
    acked: false,
    standing: {},
    devices: [aDevice(user, 'phone')],
    ...more,
  };
}

export function aShow(id: number, more: Partial<Extract<ClaimedPush, { kind: 'show' }>> = {}): ClaimedPush {
  return {
    kind: 'show',
    id,
    device: aDevice('u-1', 'phone'),
    attempt: 1,
    shortened: 0,
    until: 1_000_000,
    entry: anEntry(),
    topic: 'users/u-1',
    ticket: 'ticket-of-16-bytes',
    ...more,
  };
}
