import { EventEmitter } from 'node:events';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { DomainError } from '#clarion/protocol';
import { expect, test } from 'vitest';
import { ANONYMOUS, APPLICATION, type KeyHolder, type Subscriber } from '../principal.js';
import { limitsConfigSchema } from './limits.config.js';
import { Limits } from './limits.js';

const key = (id: string): KeyHolder => ({ kind: 'key', id, rights: 'all' });
const user = (sub: string): Subscriber => ({ kind: 'subscriber', sub, subscribe: [], publish: [], expiresAt: 1e15 });

/** Limits on a clock that the test turns. */
function limitsOf(config: Record<string, string>) {
  const clock = { ms: 0 };
  return { clock, limits: new Limits(limitsConfigSchema.parse(config), () => clock.ms) };
}

/** The code of what `act` throws, or undefined. */
function codeOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}

test('nothing is limited that is not configured, and the defaults let much pass', () => {
  const { limits } = limitsOf({});
  for (let i = 0; i < 10_000; i++) {
    limits.takePublish(key('k'));
    limits.takeHandshake('192.0.2.1');
    limits.takeCommand(key('k'), '192.0.2.1');
    limits.enterConnection(user(`u-${i % 50}`), '192.0.2.1');
    limits.enterConnection(key('k'), '192.0.2.1');
  }
  expect(limits.connections).toBe(20_000);
  expect(codeOf(() => limits.enterConnection(user('u-0'), '192.0.2.1'))).toBe('rate.limited');
});

test('connections in total are overloaded, and a place that was left is free', () => {
  const { limits } = limitsOf({ maxConnections: '2' });
  const first = limits.enter('192.0.2.1');
  limits.enter('192.0.2.2');
  expect(codeOf(() => limits.enter('192.0.2.3'))).toBe('overloaded');
  first.leave();
  first.leave();
  expect(codeOf(() => limits.enter('192.0.2.3'))).toBeUndefined();
  expect(codeOf(() => limits.enter('192.0.2.4'))).toBe('overloaded');
});

test('connections of an address: IPv6 counts by /64, and others are not concerned', () => {
  const { limits } = limitsOf({ maxConnectionsPerAddress: '1' });
  limits.enter('2001:db8:1:2::1');
  expect(codeOf(() => limits.enter('2001:db8:1:2:ffff::9'))).toBe('rate.limited');
  expect(codeOf(() => limits.enter('2001:db8:1:3::1'))).toBeUndefined();
  expect(codeOf(() => limits.enter(undefined))).toBeUndefined();
});

test('connections of a user count over all addresses, and one that is refused keeps no place', () => {
  const { limits } = limitsOf({ maxConnectionsPerUser: '2', maxConnectionsPerAddress: '3' });
  const first = limits.enterConnection(user('u'), '192.0.2.1');
  limits.enterConnection(user('u'), '192.0.2.2');
  expect(codeOf(() => limits.enterConnection(user('u'), '192.0.2.1'))).toBe('rate.limited');
  expect(codeOf(() => limits.enterConnection(user('other'), '192.0.2.1'))).toBeUndefined();
  expect(codeOf(() => limits.enterConnection(key('u'), '192.0.2.1'))).toBeUndefined();
  expect(limits.connections).toBe(4);
  first.leave();
  expect(codeOf(() => limits.enterConnection(user('u'), '192.0.2.3'))).toBeUndefined();
});

test('those without credentials are no user', () => {
  const { limits } = limitsOf({ maxConnectionsPerUser: '1' });
  limits.enterConnection(ANONYMOUS, undefined);
  expect(codeOf(() => limits.enterConnection(ANONYMOUS, undefined))).toBeUndefined();
});

test('a seat is left with its connection, also one whose user came later or not at all', () => {
  const { limits } = limitsOf({ maxConnectionsPerUser: '1' });
  const connections = [new EventEmitter(), new EventEmitter()];
  const seats = connections.map((connection) => {
    const seat = limits.enter('192.0.2.1');
    seat.leaveWith(connection);
    return seat;
  });
  seats[0]!.take(user('u'));
  seats[0]!.take(user('u'));
  expect(codeOf(() => seats[1]!.take(user('u')))).toBe('rate.limited');
  for (const connection of connections) connection.emit('close');
  expect(limits.connections).toBe(0);
  expect(codeOf(() => limits.enterConnection(user('u'), undefined))).toBeUndefined();
});

test('a seat that was left takes no user any more', () => {
  const { limits } = limitsOf({ maxConnectionsPerUser: '1' });
  const seat = limits.enter(undefined);
  seat.leave();
  seat.take(user('u'));
  expect(codeOf(() => limits.enterConnection(user('u'), undefined))).toBeUndefined();
});

test('publishes: keys and users have limits of their own, and the application none', () => {
  const { clock, limits } = limitsOf({ keyPublishes: '2/10', userPublishes: '1/10' });
  for (let i = 0; i < 100; i++) limits.takePublish(APPLICATION);
  expect([1, 2, 3].map(() => codeOf(() => limits.takePublish(key('a'))))).toEqual([
    undefined,
    undefined,
    'rate.limited',
  ]);
  expect(codeOf(() => limits.takePublish(key('b')))).toBeUndefined();
  expect([1, 2].map(() => codeOf(() => limits.takePublish(user('a'))))).toEqual([undefined, 'rate.limited']);
  clock.ms += 5_000;
  expect(codeOf(() => limits.takePublish(key('a')))).toBeUndefined();
  expect(codeOf(() => limits.takePublish(user('a')))).toBe('rate.limited');
});

test('a refusal says which limit, and when to come back', () => {
  const { limits } = limitsOf({ userPublishes: '1/10' });
  limits.takePublish(user('a'));
  expect(() => limits.takePublish(user('a'))).toThrow(
    expect.objectContaining({
      code: 'rate.limited',
      again: { retryAfterMs: 10_000, limit: { name: 'user-publishes', quota: 1, windowS: 10 } },
    }),
  );
  expect(limits.refused).toBe(1);
});

test('commands of those who did not say who they are count by address', () => {
  const { limits } = limitsOf({ userCommands: '1/10', keyCommands: '1/10' });
  limits.takeCommand(ANONYMOUS, '192.0.2.1');
  expect(codeOf(() => limits.takeCommand(ANONYMOUS, '192.0.2.1'))).toBe('rate.limited');
  expect(codeOf(() => limits.takeCommand(ANONYMOUS, '192.0.2.2'))).toBeUndefined();
  expect(codeOf(() => limits.takeCommand(user('u'), '192.0.2.1'))).toBeUndefined();
  expect(codeOf(() => limits.takeCommand(user('u'), '192.0.2.9'))).toBe('rate.limited');
  expect(codeOf(() => limits.takeCommand(key('u'), '192.0.2.1'))).toBeUndefined();
  expect(codeOf(() => limits.takeCommand(key('u'), '192.0.2.1'))).toBe('rate.limited');
});

test('only what was never good is a failed login', () => {
  const { limits } = limitsOf({ failedLogins: '1/60' });
  const told = (code: 'token.invalid' | 'token.expired' | 'key.invalid' | 'query.invalid') => {
    const answer = limits.failedLogin('192.0.2.1', new DomainError(code));
    return answer instanceof DomainError && answer.code;
  };
  expect(['token.expired', 'query.invalid', 'token.invalid'].map((code) => told(code as 'token.invalid'))).toEqual([
    'token.expired',
    'query.invalid',
    'token.invalid',
  ]);
  expect([told('token.invalid'), told('key.invalid'), told('token.expired')]).toEqual([
    'rate.limited',
    'rate.limited',
    'token.expired',
  ]);
  const bug = new Error('a bug');
  expect(limits.failedLogin('192.0.2.1', bug)).toBe(bug);
});

test('handshakes count by address', () => {
  const { limits } = limitsOf({ handshakes: '1/1' });
  limits.takeHandshake('::ffff:192.0.2.1');
  expect(codeOf(() => limits.takeHandshake('192.0.2.1'))).toBe('rate.limited');
  expect(codeOf(() => limits.takeHandshake(undefined))).toBeUndefined();
});

/** A request from `remote` that claims to be passed on for `forwarded`. */
function requestFrom(remote: string, forwarded?: string): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: remote });
  const request = new IncomingMessage(socket);
  if (forwarded !== undefined) request.headers['x-forwarded-for'] = forwarded;
  return request;
}

test.each([
  ['false', '192.0.2.1', '198.51.100.7', '192.0.2.1'],
  ['true', '192.0.2.1', '198.51.100.7, 203.0.113.1', '198.51.100.7'],
  ['192.0.2.0/24', '192.0.2.1', '198.51.100.7, 203.0.113.1', '203.0.113.1'],
  ['192.0.2.0/24,203.0.113.1', '::ffff:192.0.2.1', '6.6.6.6, 198.51.100.7, 203.0.113.1', '198.51.100.7'],
  ['192.0.2.0/24', '198.51.100.9', '6.6.6.6', '198.51.100.9'],
  ['2001:db8::/32', '2001:db8::5', '2001:db9::1', '2001:db9::1'],
])('trusting %s, a request from %s for %s is of %s', (trustProxy, remote, forwarded, address) => {
  const { limits } = limitsOf({ trustProxy });
  expect(limits.clientAddress(requestFrom(remote, forwarded))).toBe(address);
});

test('a trusted proxy that names nobody is itself the client', () => {
  const { limits } = limitsOf({ trustProxy: '192.0.2.0/24' });
  expect(limits.clientAddress(requestFrom('192.0.2.1'))).toBe('192.0.2.1');
});

test.each(['5', '5/0', '0/5', '-1/5', '5/5/5', 'a/b', '1.5/2'])('%s is no rate', (handshakes) => {
  expect(limitsConfigSchema.safeParse({ handshakes }).success).toBe(false);
});

test.each(['10.0.0.0/0', 'localhost', '10.0.0.1/33', '1.2.3.4,'])('%s is nobody to trust', (trustProxy) => {
  expect(limitsConfigSchema.safeParse({ trustProxy }).success).toBe(false);
});

test('a rate is written as it was read', () => {
  const { userPublishes, handshakes } = limitsConfigSchema.parse({ userPublishes: '50/5' });
  expect([String(userPublishes), String(handshakes)]).toEqual(['50/5', '0']);
});
