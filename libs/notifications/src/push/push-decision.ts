import type { LogEntry } from '#clarion/event-bus';
import { userTopic, type Category, type PushRule } from '#clarion/protocol';
import { decide, type Withheld } from '../people/decisions.js';
import type { Person } from '../people/person.js';
import { NO_PREFERENCES } from '../people/preferences.js';
import { mayRead } from './device-person.js';
import type { PushCandidate, StoredDevice } from './push-store.js';

/** Why a notification is not pushed to a device. */
export type NoPush =
  | 'retracted'
  | 'expired'
  /** The category says so by now. */
  | 'never'
  /** The person has published it. */
  | 'own'
  | 'acked'
  | 'read'
  | 'archived'
  | 'snoozed'
  /** A newer one has taken its place, or its topics are not followed any more. */
  | 'superseded'
  /** It has no category (any more), and came by a topic that is not the person's own. */
  | 'data'
  | Withheld['cause']
  | 'token.revoked'
  /** The device's token could not read it. */
  | 'right.missing';

/** What is due, as it is now. */
export interface DueNotification {
  readonly entry: LogEntry;
  /** Undefined: it has none, or one that is not declared (any longer). */
  readonly category: Category | undefined;
  readonly rule: PushRule;
  /** The person who has published it; undefined: a service. */
  readonly sender: string | undefined;
}

/** What is decided for one device: by which topic its person sees it, or why not. */
export type PushDecision =
  | { readonly device: StoredDevice; readonly topic: string }
  | { readonly device: StoredDevice; readonly refusal: NoPush };

/** Why it is pushed to nobody at all. */
export function refusalForAll({ entry, rule }: DueNotification, now: number): NoPush | undefined {
  if (entry.kind === 'retracted') return 'retracted';
  if (entry.expiresAt !== undefined && entry.expiresAt <= now) return 'expired';
  return rule.when === 'never' ? 'never' : undefined;
}

/**
 * Whether it is pushed to this person's devices, judged as of now, and for each of them. Only an acknowledgement or a mark keeps it back: that it
 * was sent, received or seen says nothing of the person's having noticed.
 * @param personOf with the rights of a device; undefined: they were voided.
 */
export function decidePush(
  due: DueNotification,
  candidate: PushCandidate,
  now: number,
  personOf: (device: StoredDevice) => Person | undefined,
): PushDecision[] {
  const refusal = refusalForAll(due, now) ?? refusalFor(due, candidate, now);
  if (refusal !== undefined) return candidate.devices.map((device) => ({ device, refusal }));
  const { topics, withheld } = wanted(due, candidate, now);
  if (topics.length === 0) return candidate.devices.map((device) => ({ device, refusal: withheld }));
  return candidate.devices.map((device) => {
    const person = personOf(device);
    if (person === undefined) return { device, refusal: 'token.revoked' };
    const topic = topics.find((one) => mayRead(person, one, due.entry.publishedAt));
    return topic === undefined ? { device, refusal: 'right.missing' } : { device, topic };
  });
}

function refusalFor({ rule, sender }: DueNotification, candidate: PushCandidate, now: number): NoPush | undefined {
  const { user, acked, standing } = candidate;
  if (user === sender) return 'own';
  if (acked && rule.when === 'ifNotAcked') return 'acked';
  if (standing.read !== undefined) return 'read';
  if (standing.archived !== undefined) return 'archived';
  return (standing.snoozed?.until ?? 0) > now ? 'snoozed' : undefined;
}

/** The topics by which the person wants to be told of it on their devices; where there are none, why not. */
function wanted(
  { entry, category }: DueNotification,
  { user, topics, preferences = NO_PREFERENCES }: PushCandidate,
  now: number,
): { readonly topics: string[]; readonly withheld: NoPush } {
  const own = userTopic(user);
  const event = { ...(entry.urgent === true && { urgent: true as const }) };
  const passing: string[] = [];
  let withheld: NoPush | undefined;
  for (const topic of topics) {
    const isOwn = topic === own;
    const refusal =
      category === undefined && !isOwn
        ? 'data'
        : decide({ channel: 'push', event, topic, isOwn, preferences, category, now })?.cause;
    if (refusal === undefined) passing.push(topic);
    withheld ??= refusal;
  }
  return { topics: passing, withheld: withheld ?? 'superseded' };
}
