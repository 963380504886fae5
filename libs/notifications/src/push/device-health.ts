import { DEVICE_CAUSES, userTopic, type DeviceCause, type DeviceView } from '#clarion/protocol';
import { isoTime } from '../iso-time.js';
import { decide } from '../people/decisions.js';
import type { StoredPreferences } from '../people/preferences.js';
import type { StoredDevice } from './push-store.js';

/** Failures since the last success after which nobody should count on a device. */
const FAILING = 3;
/** Reasons by which a push service says that it does not know this server's key for the subscription (RFC 8292 §4.2). */
const KEY_REASONS: ReadonlySet<string> = new Set(['401', '403']);

/** What is known beside the device itself. */
export interface DeviceSurroundings {
  /** Whether the rights of its token are good. */
  readonly isGood: boolean;
  /** Whether its endpoint is one that would be talked to. */
  readonly isAcceptable: boolean;
  readonly preferences: StoredPreferences;
  /** Milliseconds since 1970. */
  readonly now: number;
}

interface Obstacle {
  readonly cause: DeviceCause;
  readonly until?: number;
}

/** As its person sees it, with the first thing for which it would not ring now. */
export function viewOf(device: StoredDevice, service: string, around: DeviceSurroundings): DeviceView {
  const obstacle = obstacleOf(device, around);
  const { id, name, locale, timeZone, createdAt, verifiedAt, lastSuccessAt, failures } = device;
  return {
    id,
    ...(name !== null && { name }),
    ...(locale !== null && { locale }),
    ...(timeZone !== null && { timeZone }),
    service,
    createdAt: isoTime(createdAt),
    verifiedAt: isoTime(verifiedAt),
    ...(lastSuccessAt !== null && { lastSuccessAt: isoTime(lastSuccessAt) }),
    failures,
    ...lastFailureOf(device),
    rings: obstacle === undefined,
    ...(obstacle !== undefined && {
      cause: obstacle.cause,
      because: DEVICE_CAUSES[obstacle.cause],
      ...(obstacle.until !== undefined && { until: isoTime(obstacle.until) }),
    }),
  };
}

function obstacleOf(device: StoredDevice, around: DeviceSurroundings): Obstacle | undefined {
  if (!around.isGood) return { cause: 'token.revoked' };
  const { failures, lastFailureReason } = device;
  if (failures > 0 && KEY_REASONS.has(lastFailureReason ?? '')) return { cause: 'key.refused' };
  if (!around.isAcceptable) return { cause: 'endpoint.forbidden' };
  if (failures >= FAILING) return { cause: 'service.failing' };
  return disturbance(device.user, around);
}

/** By what concerns every notification that is not urgent; what was muted concerns some alone. */
function disturbance(user: string, { preferences, now }: DeviceSurroundings): Obstacle | undefined {
  const question = {
    channel: 'push',
    event: {},
    topic: userTopic(user),
    isOwn: true,
    category: undefined,
    now,
  } as const;
  const withheld = decide({ ...question, preferences: { ...preferences, mutedTopics: {} } });
  if (withheld?.cause !== 'quiet.do_not_disturb' && withheld?.cause !== 'quiet.hours') return undefined;
  return { cause: withheld.cause, ...(withheld.until !== undefined && { until: withheld.until }) };
}

function lastFailureOf({ lastFailureAt: at, lastFailureReason }: StoredDevice): Pick<DeviceView, 'lastFailure'> {
  return at === null ? {} : { lastFailure: { at: isoTime(at), reason: lastFailureReason ?? 'unknown' } };
}
