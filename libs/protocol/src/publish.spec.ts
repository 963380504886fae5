import { describe, expect, it } from 'vitest';
import { DomainError, type ErrorCode } from './errors.js';
import { audienceOf, MAX_ADDRESSEES, parsePublish } from './publish.js';

function refusal(body: unknown): { code: ErrorCode; pointers: string[] } {
  try {
    parsePublish(body);
  } catch (error) {
    if (error instanceof DomainError)
      return { code: error.code, pointers: (error.errors ?? []).map(({ pointer }) => pointer) };
    throw error;
  }
  throw new Error('was accepted');
}

const NAMES = Array.from({ length: MAX_ADDRESSEES + 1 }, (_, i) => `u${i}`);

describe('parsePublish', () => {
  it('takes all that is built', () => {
    const body = {
      topic: 'orders/42',
      topics: ['a', 'b'],
      user: 'u-1',
      users: ['u-2'],
      type: 'order.shipped',
      title: 'Shipped',
      body: 'Line 1\r\nLine 2\0',
      url: 'HTTPS://shop.example/42',
      icon: '/icon.png',
      data: { any: [null, 1] },
      ephemeral: true,
      collapseKey: 'k',
      idempotencyKey: 'i-1',
    };
    expect(parsePublish(body)).toEqual(body);
  });

  it.each([
    ['an unknown field', { topic: 'a', title: 't', surprise: 1 }, '/surprise'],
    ['a wrong type', { topic: 'a', title: 5 }, '/title'],
    ['a bad topic', { topic: 'a b', title: 't' }, '/topic'],
    ['a wildcard as topic', { topic: 'a/*', title: 't' }, '/topic'],
    ['line breaks in a topic', { topics: ['ok', 'a\r\nevent: x'], title: 't' }, '/topics/1'],
    ['a user who is no segment', { user: 'a/b', title: 't' }, '/user'],
    ['nobody', { title: 't' }, ''],
    ['an empty list', { user: 'u', topics: [], title: 't' }, '/topics'],
    ['nothing to say', { topic: 'a' }, ''],
    ['1,001 people', { users: NAMES, title: 't' }, '/users'],
    ['1,001 over several fields', { users: NAMES.slice(1), topic: 'a', title: 't' }, ''],
    ['a script as link', { topic: 'a', title: 't', url: 'javascript:alert(1)' }, '/url'],
    ['another host as path', { topic: 'a', title: 't', icon: '//evil.example/i' }, '/icon'],
    ['line breaks in a link', { topic: 'a', title: 't', url: '/x\r\ny' }, '/url'],
    ['a key with spaces', { topic: 'a', title: 't', idempotencyKey: 'a b' }, '/idempotencyKey'],
    ['no object', 'text', ''],
    ['null', null, ''],
    ['a list', [], ''],
  ])('refuses %s', (_, body, pointer) => {
    expect(refusal(body)).toEqual({ code: 'body.invalid', pointers: [pointer] });
  });

  it.each(['actions', 'deliverAt'])('refuses %s aloud until it is built', (field) => {
    expect(refusal({ topic: 'a', title: 't', [field]: 1 })).toEqual({
      code: 'field.unsupported',
      pointers: [`/${field}`],
    });
  });
});

describe('audienceOf', () => {
  it('keeps the publisher’s order and names each topic once', () => {
    const draft = parsePublish({ topic: 'b', topics: ['a', 'b'], user: 'u-1', users: ['u-2', 'u-1'], title: 't' });
    expect(audienceOf(draft)).toEqual(['b', 'a', 'users/u-1', 'users/u-2']);
  });
});
