import { expect, test } from 'vitest';
import { DomainError } from './errors.js';
import { retryHeaders } from './retry-headers.js';

test('a limit is named with its quota and window, and with the whole seconds to wait', () => {
  const limit = { name: 'user-publishes', quota: 100, windowS: 10 };
  expect(retryHeaders(new DomainError('rate.limited', undefined, undefined, { retryAfterMs: 1_200, limit }))).toEqual({
    'retry-after': '2',
    ratelimit: '"user-publishes";r=0;t=2',
    'ratelimit-policy': '"user-publishes";q=100;w=10',
  });
});

test('what nothing refills has no window', () => {
  const limit = { name: 'connections', quota: 5, windowS: 0 };
  const error = new DomainError('rate.limited', undefined, undefined, { retryAfterMs: 10, limit });
  expect(retryHeaders(error)).toMatchObject({ 'retry-after': '1', 'ratelimit-policy': '"connections";q=5' });
});

test('without a limit it is said when to come back, if the status calls for it', () => {
  expect(retryHeaders(new DomainError('overloaded'))).toEqual({ 'retry-after': '1' });
  expect(retryHeaders(new DomainError('draining'))).toEqual({ 'retry-after': '5' });
  expect(retryHeaders(new DomainError('request.timeout'))).toEqual({});
  expect(retryHeaders(new DomainError('topic.forbidden'))).toEqual({});
});
