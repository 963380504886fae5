import { describe, expect, it } from 'vitest';
import { DomainError, isSelector, isTopic, type Selector, type Topic } from '#clarion/protocol';
import { ANONYMOUS, type Principal } from './principal.js';
import { assertPresence, assertPublish, readGrant } from './rights.js';

function selectors(...texts: string[]): Selector[] {
  return texts.filter(isSelector);
}

function topics(...texts: string[]): Topic[] {
  return texts.filter(isTopic);
}

function subscriber(subscribe: Record<string, number>, publish: string[] = [], presence?: string[]): Principal {
  const grants = Object.entries(subscribe).flatMap(([text, historyFrom]) =>
    selectors(text).map((selector) => ({ selector, historyFrom })),
  );
  return {
    kind: 'subscriber',
    sub: 'u-1',
    subscribe: grants,
    publish: selectors(...publish),
    ...(presence && { presence: selectors(...presence) }),
    expiresAt: 0,
  };
}

const KEY: Principal = { kind: 'key', id: '0123456789abcdef', rights: 'all' };
const SCOPED: Principal = {
  kind: 'key',
  id: 'fedcba9876543210',
  rights: { publish: selectors('orders/**', 'users/u-1'), read: selectors('orders/*', 'users/u-9'), admin: true },
};
const WIDE: Principal = {
  kind: 'key',
  id: 'fedcba9876543211',
  rights: { publish: selectors('**'), read: selectors('**'), admin: false },
};
const OPEN = selectors('demo/**', 'news');

function outcome(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}

function readsAs(who: Principal, wanted: string): unknown {
  const [selector] = selectors(wanted);
  if (selector === undefined) throw new Error(`no selector: ${wanted}`);
  return outcome(() => readGrant(who, selector, OPEN));
}

describe('reading', () => {
  const ann = subscriber({ 'orders/*': 5_000, 'orders/42': 9_000, 'users/u-2': 0 });
  const all = subscriber({ '**': 0 });

  it.each<[string, Principal, string, unknown]>([
    ['a key reads anything', KEY, 'a/**', { selector: 'a/**', historyFrom: 0 }],
    ['a key reads everything', KEY, '**', { selector: '**', historyFrom: 0 }],
    ['a key reads people by name', KEY, 'users/u-9', { selector: 'users/u-9', historyFrom: 0 }],
    ['a scoped key reads what it may', SCOPED, 'orders/1', { selector: 'orders/1', historyFrom: 0 }],
    ['a scoped key reads a wildcard as it is', SCOPED, 'orders/*', { selector: 'orders/*', historyFrom: 0 }],
    ['nothing wider', SCOPED, 'orders/**', 'topic.forbidden'],
    ['not where it may publish alone', SCOPED, 'users/u-1', 'topic.forbidden'],
    ['a person that it names', SCOPED, 'users/u-9', { selector: 'users/u-9', historyFrom: 0 }],
    ['administering is not reading', SCOPED, 'news/1', 'topic.forbidden'],
    ['what is open to everybody, also to it', SCOPED, 'demo/1', { selector: 'demo/1', historyFrom: 0 }],
    ['nothing reserved', WIDE, '$sys/load', 'topic.forbidden'],
    ['a key with a wildcard reads no person', WIDE, 'users/u-1', 'topic.forbidden'],
    ['nor all of them', WIDE, 'users/**', 'topic.forbidden'],
    ['nor as "me"', WIDE, 'users/me', 'topic.forbidden'],
    ['a key is no person', KEY, 'users/me', 'topic.forbidden'],
    ['nobody reads what is reserved', KEY, '$sys/load', 'topic.forbidden'],
    ['nor by wildcard behind it', all, '$sys/**', 'topic.forbidden'],
    ['nor without credentials', ANONYMOUS, '$sys/load', 'topic.forbidden'],
    ['one’s own topic', ann, 'users/me', { selector: 'users/u-1', historyFrom: 0 }],
    ['one’s own topic by name', ann, 'users/u-1', { selector: 'users/u-1', historyFrom: 0 }],
    ['another’s only when granted', ann, 'users/u-2', { selector: 'users/u-2', historyFrom: 0 }],
    ['another’s never by a wildcard', all, 'users/u-2', 'topic.forbidden'],
    ['nor all of them', all, 'users/*', 'topic.forbidden'],
    ['nor as the rest', all, 'users/**', 'topic.forbidden'],
    ['the grant that reaches furthest back', ann, 'orders/42', { selector: 'orders/42', historyFrom: 5_000 }],
    ['a grant as it is', ann, 'orders/*', { selector: 'orders/*', historyFrom: 5_000 }],
    ['nothing wider than the grant', ann, 'orders/**', 'topic.forbidden'],
    ['nothing beside it', ann, 'invoices/1', 'topic.forbidden'],
    ['what is open, also with a token', ann, 'demo/1', { selector: 'demo/1', historyFrom: 0 }],
    ['what is open, without one', ANONYMOUS, 'demo/**', { selector: 'demo/**', historyFrom: 0 }],
    ['the rest wants credentials', ANONYMOUS, 'orders/1', 'credentials.missing'],
    ['wider than open wants them too', ANONYMOUS, '**', 'credentials.missing'],
    ['nobody has no own topic', ANONYMOUS, 'users/me', 'credentials.missing'],
  ])('%s', (_, who, wanted, expected) => {
    expect(readsAs(who, wanted)).toEqual(expected);
  });
});

describe('publishing', () => {
  const ann = subscriber({}, ['chat/*', 'users/u-2']);

  it.each<[string, Principal, string[], unknown]>([
    ['a key anywhere', KEY, ['a', 'users/u-1'], undefined],
    ['a scoped key where it may', SCOPED, ['orders/1/2', 'users/u-1'], undefined],
    ['and nowhere else', SCOPED, ['orders/1', 'news'], 'topic.forbidden'],
    ['not where it may read alone', SCOPED, ['users/u-9'], 'topic.forbidden'],
    ['not to what is open to read', SCOPED, ['demo/1'], 'topic.forbidden'],
    ['a key with a wildcard to no person', WIDE, ['users/u-1'], 'topic.forbidden'],
    ['nor to what is reserved', WIDE, ['$sys/load'], 'topic.forbidden'],
    ['never to what is reserved', KEY, ['a', '$sys/load'], 'topic.forbidden'],
    ['never to "me", who is nobody', KEY, ['users/me'], 'topic.forbidden'],
    ['a subscriber where granted', ann, ['chat/1', 'chat/2', 'users/u-2'], undefined],
    ['all or nothing', ann, ['chat/1', 'orders/1'], 'topic.forbidden'],
    ['not even to oneself without a grant', ann, ['users/u-1'], 'topic.forbidden'],
    ['to no person by a wildcard', subscriber({}, ['**']), ['users/u-2'], 'topic.forbidden'],
    ['reading is not publishing', subscriber({ 'orders/*': 0 }), ['orders/1'], 'topic.forbidden'],
    ['open to read is not open to publish', ANONYMOUS, ['demo/1'], 'credentials.missing'],
  ])('%s', (_, who, texts, expected) => {
    expect(outcome(() => assertPublish(who, topics(...texts)))).toEqual(expected);
  });
});

describe('seeing who is there', () => {
  const reads = { 'orders/*': 5_000, 'users/u-2': 0 };
  const ann = subscriber(reads, [], ['orders/**', 'demo/*', 'users/u-1']);
  const all = subscriber({ '**': 0 }, [], ['**']);

  it.each<[string, Principal, string, unknown]>([
    ['where the token says so', ann, 'orders/1', 'orders/1'],
    ['not where it does not read', ann, 'orders/1/2', 'topic.forbidden'],
    ['not where it reads alone', ann, 'users/u-2', 'topic.forbidden'],
    ['on what is open, if the token says so', ann, 'demo/1', 'demo/1'],
    ['not on what is open by itself', all, 'users/u-2', 'topic.forbidden'],
    ['on one’s own topic', ann, 'users/me', 'users/u-1'],
    ['on one’s own topic not by a wildcard', all, 'users/me', 'topic.forbidden'],
    ['by a wildcard', all, 'orders/1', 'orders/1'],
    ['not without the claim', subscriber({ '**': 0 }), 'orders/1', 'topic.forbidden'],
    ['not with an empty one', subscriber({ '**': 0 }, [], []), 'orders/1', 'topic.forbidden'],
    ['never on what is reserved', all, '$sys/load', 'topic.forbidden'],
    ['a key anywhere', KEY, 'users/u-9', 'users/u-9'],
    ['a scoped key where it reads', SCOPED, 'orders/1', 'orders/1'],
    ['not where it publishes alone', SCOPED, 'orders/1/2', 'topic.forbidden'],
    ['not on what is open to everybody', SCOPED, 'demo/1', 'topic.forbidden'],
    ['a key is no person', KEY, 'users/me', 'topic.forbidden'],
    ['a key on nothing reserved', KEY, '$sys/load', 'topic.forbidden'],
    ['nobody, even on what is open', ANONYMOUS, 'demo/1', 'credentials.missing'],
    ['nobody on the rest', ANONYMOUS, 'orders/1', 'credentials.missing'],
    ['nobody as "me"', ANONYMOUS, 'users/me', 'credentials.missing'],
  ])('%s', (_, who, text, expected) => {
    const [topic] = topics(text);
    expect(outcome(() => assertPresence(who, topic!, OPEN))).toBe(expected);
  });
});
