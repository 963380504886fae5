import { DEVICE_CAUSES, userTopic, type DeviceCause, type DeviceView } from '#clarion/protocol';
import { isoTime } from '../iso-time.js';
import { decide } from '../people/decisions.js';
import type { StoredPreferences } from '../people/preferences.js';
import type { StoredDevice } from './push-store.js';

/** Failures since the last success after which nobody should count on a device. */
const FAILING = 3;
/** Channels' word for: the push service does not take this server's key for the subscription (RFC 8292 §4.2). */
const KEY_REFUSED = 'key_refused';
/** Channels' words for addresses that they do not talk to end so. */
const FORBIDDEN = '_forbidden';

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
  const { failures } = device;
  const reason = failures > 0 ? (device.lastFailureReason ?? '') : '';
  if (reason === KEY_REFUSED) return { cause: 'key.refused' };
  if (!around.isAcceptable || reason.endsWith(FORBIDDEN)) return { cause: 'endpoint.forbidden' };
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
