import { expect, it } from 'vitest';
import { aDevice } from '../../test/push-doubles.js';
import { NO_PREFERENCES } from '../people/preferences.js';
import { viewOf, type DeviceSurroundings } from './device-health.js';
import type { StoredDevice } from './push-store.js';

const NOW = Date.parse('2026-01-10T23:00:00Z');
const WELL: DeviceSurroundings = { isGood: true, isAcceptable: true, preferences: NO_PREFERENCES, now: NOW };

function prefer(more: Partial<typeof NO_PREFERENCES>): Pick<DeviceSurroundings, 'preferences'> {
  return { preferences: { ...NO_PREFERENCES, ...more } };
}

function failed(failures: number, lastFailureReason: string): Partial<StoredDevice> {
  return { failures, lastFailureReason, lastFailureAt: NOW - 1_000 };
}

const NIGHT = prefer({ quietHours: { from: '22:00', to: '07:00', timeZone: 'UTC' } as never });

it.each([
  ['all is well', {}, {}, undefined],
  ['it failed once', failed(1, 'timeout'), {}, undefined],
  ['it failed twice', failed(2, 'timeout'), {}, undefined],
  ['it failed three times', failed(3, 'timeout'), {}, { cause: 'service.failing' }],
  ['it failed, and then did not', failed(0, 'key_refused'), {}, undefined],
  ['the key was refused once', failed(1, 'key_refused'), {}, { cause: 'key.refused' }],
  ['the name leads to a private address', failed(1, 'address_forbidden'), {}, { cause: 'endpoint.forbidden' }],
  ['the host is not on the list any more', {}, { isAcceptable: false }, { cause: 'endpoint.forbidden' }],
  ['the tokens were voided', failed(3, 'key_refused'), { isGood: false }, { cause: 'token.revoked' }],
  ['it is night', {}, NIGHT, { cause: 'quiet.hours', until: '2026-01-11T07:00:00.000Z' }],
  [
    'do not disturb',
    {},
    prefer({ doNotDisturbUntil: NOW + 60_000 }),
    { cause: 'quiet.do_not_disturb', until: '2026-01-10T23:01:00.000Z' },
  ],
  ['it does not work, in the night', failed(3, 'timeout'), NIGHT, { cause: 'service.failing' }],
  ['something is muted', {}, prefer({ mutedTopics: { 'users/u-1': 1 } }), undefined],
] as const)('whether it rings when %s', (_what, device, around, obstacle) => {
  const view = viewOf(aDevice('u-1', 'phone', device), 'push.example', { ...WELL, ...around });
  const { rings, cause, until } = view;
  expect({ rings, cause, until }).toEqual({
    rings: obstacle === undefined,
    cause: obstacle?.cause,
    until: obstacle !== undefined && 'until' in obstacle ? obstacle.until : undefined,
  });
  expect(view.because === undefined).toBe(rings);
});

it('says all that is known of a device, and neither its endpoint nor its keys', () => {
  const device = aDevice('u-1', 'phone', {
    ...failed(1, 'timeout'),
    name: 'Phone',
    locale: 'de-AT',
    timeZone: 'Europe/Vienna',
    p256dh: 'secret',
    auth: 'secret',
    createdAt: NOW - 3_000,
    verifiedAt: NOW - 2_000,
    lastSuccessAt: NOW - 1_500,
  });
  expect(viewOf(device, 'push.example', WELL)).toEqual({
    id: 'phone',
    name: 'Phone',
    locale: 'de-AT',
    timeZone: 'Europe/Vienna',
    service: 'push.example',
    createdAt: '2026-01-10T22:59:57.000Z',
    verifiedAt: '2026-01-10T22:59:58.000Z',
    lastSuccessAt: '2026-01-10T22:59:58.500Z',
    failures: 1,
    lastFailure: { at: '2026-01-10T22:59:59.000Z', reason: 'timeout' },
    rings: true,
  });
});
