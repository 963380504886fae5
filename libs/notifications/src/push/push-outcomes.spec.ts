import { expect, it } from 'vitest';
import type { PushOutcome } from './push-channel.js';
import { settlementOf } from './push-outcomes.js';
import { aShow } from '../../test/push-doubles.js';

const NOW = 100_000;
const half = (): number => 0.5;

const BUSY: PushOutcome = { outcome: 'later', reason: 'busy' };
const WAITING = { state: 'waiting', shortened: 0, failed: true } as const;

/** An attempt of a push that may be tried until 1,000,000, eight times; what is written of it, and as what it counts. */
it.each([
  ['taken', {}, { outcome: 'delivered' }, 'sent', { state: 'sent' }],
  ['refused', {}, { outcome: 'refused', reason: '400' }, 'parked', { state: 'parked', reason: '400' }],
  [
    'too large',
    {},
    { outcome: 'too_large' },
    'shortened',
    { ...WAITING, nextAt: NOW, reason: 'too_large', shortened: 1, failed: false },
  ],
  [
    'too large for the fourth time',
    { shortened: 3 },
    { outcome: 'too_large' },
    'shortened',
    { ...WAITING, nextAt: NOW, reason: 'too_large', shortened: 4, failed: false },
  ],
  [
    'too large, as short as can be',
    { shortened: 4 },
    { outcome: 'too_large' },
    'parked',
    { state: 'parked', reason: 'too_large' },
  ],
  ['busy', {}, BUSY, 'later', { ...WAITING, nextAt: NOW + 500, reason: 'busy' }],
  [
    'busy, shortened before',
    { shortened: 2 },
    BUSY,
    'later',
    { ...WAITING, nextAt: NOW + 500, reason: 'busy', shortened: 2 },
  ],
  ['busy for the third time', { attempt: 3 }, BUSY, 'later', { ...WAITING, nextAt: NOW + 8_000, reason: 'busy' }],
  [
    'busy, for a minute at least',
    {},
    { outcome: 'later', reason: '429', retryAfterMs: 60_000 },
    'later',
    { ...WAITING, nextAt: NOW + 60_000, reason: '429' },
  ],
  ['busy for the last time', { attempt: 8 }, BUSY, 'parked', { state: 'parked', reason: 'tried_too_often' }],
  [
    'busy until it is too late',
    {},
    { outcome: 'later', reason: '429', retryAfterMs: 900_001 },
    'parked',
    { state: 'parked', reason: 'tried_too_often' },
  ],
  [
    'busy until the last moment',
    {},
    { outcome: 'later', reason: '429', retryAfterMs: 900_000 },
    'later',
    { ...WAITING, nextAt: 1_000_000, reason: '429' },
  ],
  [
    'ended by this server, for the last time',
    { attempt: 8 },
    { outcome: 'later', reason: 'aborted' },
    'aborted',
    { ...WAITING, nextAt: NOW, reason: 'aborted', failed: false },
  ],
  [
    'gone, from where it is no longer',
    {},
    { outcome: 'gone' },
    'later',
    { ...WAITING, nextAt: NOW, reason: 'moved', failed: false },
  ],
] as const)('%s', (_what, push, outcome, counted, settlement) => {
  expect(settlementOf(aShow(5, push), outcome, 8, NOW, half)).toEqual({
    counted,
    settlement: { id: 5, at: NOW, ...settlement },
  });
});
