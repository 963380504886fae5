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

const GO = { id: 'go', title: 'Go' };
const actions = (of: object[]): object => ({ topic: 'a', title: 't', actions: of });

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
      actions: [
        { id: 'track', title: 'Track it', url: '/orders/42' },
        { id: 'later.1_a-B', title: 'Later' },
      ],
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
    ['no actions', actions([]), '/actions'],
    ['nine actions', actions(Array.from({ length: 9 }, (_, i) => ({ id: `a-${i}`, title: 't' }))), '/actions'],
    ['two actions of one id', actions([GO, { ...GO, title: 'Other' }]), '/actions'],
    ['an action without a title', actions([{ id: 'go' }]), '/actions/0/title'],
    ['an action with an empty title', actions([GO, { id: 'x', title: '' }]), '/actions/1/title'],
    ['an action’s title that is too long', actions([{ id: 'go', title: 'x'.repeat(129) }]), '/actions/0/title'],
    ['an action without an id', actions([{ title: 't' }]), '/actions/0/id'],
    ['an action’s id with a space', actions([{ id: 'a b', title: 't' }]), '/actions/0/id'],
    ['an action’s id that is too long', actions([{ id: 'x'.repeat(65), title: 't' }]), '/actions/0/id'],
    ['a script as an action’s link', actions([{ ...GO, url: 'javascript:alert(1)' }]), '/actions/0/url'],
    ['another host as an action’s path', actions([{ ...GO, url: '//evil.example' }]), '/actions/0/url'],
    ['a path of an action that is relative', actions([{ ...GO, url: 'orders/42' }]), '/actions/0/url'],
    ['an action with an unknown member', actions([{ ...GO, icon: '/i.png' }]), '/actions/0/icon'],
    ['actions that are no list', { topic: 'a', title: 't', actions: GO }, '/actions'],
    ['a key with spaces', { topic: 'a', title: 't', idempotencyKey: 'a b' }, '/idempotencyKey'],
    ['no object', 'text', ''],
    ['null', null, ''],
    ['a list', [], ''],
  ])('refuses %s', (_, body, pointer) => {
    expect(refusal(body)).toEqual({ code: 'body.invalid', pointers: [pointer] });
  });

  it('refuses what is not built aloud', () => {
    expect(refusal({ topic: 'a', title: 't', deliverAt: 1 })).toEqual({
      code: 'field.unsupported',
      pointers: ['/deliverAt'],
    });
  });
});

describe('audienceOf', () => {
  it('keeps the publisher’s order and names each topic once', () => {
    const draft = parsePublish({ topic: 'b', topics: ['a', 'b'], user: 'u-1', users: ['u-2', 'u-1'], title: 't' });
    expect(audienceOf(draft)).toEqual(['b', 'a', 'users/u-1', 'users/u-2']);
  });
});
