import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ecdsa,
  ecKeys,
  eddsa,
  edKeys,
  handmade,
  rsa,
  rsaKeys,
  type KeyPair,
  type Signer,
} from '../../libs/access/test/handmade-tokens.js';
import { IdentityProvider, type PublishedKey } from '../support/identity-provider.js';
import { EventStream } from '../support/event-stream.js';
import { publish } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { SocketListener } from '../support/socket-listener.js';
import { refusedHandshake } from '../support/web-socket.js';

const ISSUER = 'https://login.company.example/';
const AUDIENCE = 'https://notify.company.example';

/** A key of the provider: what is published of it, and what it signs. */
class ProviderKey implements PublishedKey {
  readonly publicKey;
  readonly #sign: Signer;

  constructor(
    readonly kid: string,
    readonly alg: string,
    pair: KeyPair,
    signer: (key: KeyPair['privateKey']) => Signer,
  ) {
    this.publicKey = pair.publicKey;
    this.#sign = signer(pair.privateKey);
  }

  /** An access token as such providers make them: nothing in it was thought of for us. */
  token(claims: Readonly<Record<string, unknown>> = {}): string {
    const now = Math.floor(Date.now() / 1_000);
    const standard = {
      iss: ISSUER,
      aud: [AUDIENCE, 'userinfo'],
      sub: 'auth0|5f7c8ec7',
      iat: now,
      nbf: now,
      exp: now + 600,
    };
    const personal = { email: 'ada@company.example', scope: 'openid', realm_access: { roles: ['user'] } };
    return handmade(
      { alg: this.alg, kid: this.kid, typ: 'at+jwt' },
      { ...standard, ...personal, ...claims },
      this.#sign,
    );
  }
}

const rsaKey = new ProviderKey('rsa-1', 'RS256', rsaKeys(), rsa);
const ecKey = new ProviderKey('ec-1', 'ES256', ecKeys(), ecdsa);
const edKey = new ProviderKey('ed-1', 'EdDSA', edKeys(), eddsa);
const nextKey = new ProviderKey('ec-2', 'ES256', ecKeys(), ecdsa);
const farKey = new ProviderKey('ec-3', 'ES256', ecKeys(), ecdsa);

let provider: IdentityProvider;
let server: TestServer;

beforeAll(async () => {
  provider = await IdentityProvider.start();
  provider.keys = [rsaKey, ecKey, edKey];
  server = await startServer({
    NODE_ENV: 'production',
    CLARION_TOKEN_SECRET: '',
    CLARION_TOKEN_ISSUER: ISSUER,
    CLARION_TOKEN_AUDIENCE: AUDIENCE,
    CLARION_TOKEN_JWKS_URL: provider.jwksUrl,
    CLARION_TOKEN_JWKS_ALGORITHMS: 'RS256,ES256,EdDSA',
    CLARION_TOKEN_JWKS_COOLDOWN_S: '1',
    CLARION_TOKEN_JWKS_CACHE_S: '2',
    CLARION_TOKEN_JWKS_MAX_AGE_S: '4',
    CLARION_TOKEN_USER_CLAIM: 'email',
    CLARION_TOKEN_DEFAULT_SUBSCRIBE: 'news/**',
    CLARION_TOKEN_DEFAULT_PUBLISH: 'users/me',
    CLARION_LIMIT_FAILED_LOGINS: '0',
  });
});

afterAll(async () => {
  await Promise.all([server.stop(), provider.goAway()]);
});

function read(token: string, topic = 'news/today'): Promise<Response> {
  return fetch(`${server.url}/v1/notifications?topic=${topic}`, { headers: { authorization: `Bearer ${token}` } });
}

/** Asks until the answer has this status. */
async function readUntil(status: number, token: string): Promise<Response> {
  const answer = await read(token);
  return answer.status === status ? answer : readUntil(status, token);
}

describe('a company’s identity provider', () => {
  test.each([rsaKey, ecKey, edKey])('has its tokens taken unchanged: $alg', async (key) => {
    const stream = await EventStream.open(`${server.url}/v1/events?access_token=${key.token()}`);
    const [ready] = await stream.first('ready', 1);
    expect(ready!.data).toMatchObject({ topics: ['users/ada@company.example'] });
    const { id } = await publish(server, { user: 'ada@company.example', type: 'hello' });
    const [message] = await stream.first('message', 1);
    stream.close();
    expect(message!.data).toMatchObject({ id });
  });

  test('has what was granted to all of its tokens, and nothing else', async () => {
    const token = edKey.token();
    expect((await read(token, 'news/today')).status).toBe(200);
    expect((await read(token, 'accounts/1')).status).toBe(403);
    expect((await read(edKey.token({ clarion: { subscribe: ['accounts/1'] } }), 'accounts/1')).status).toBe(200);
    expect((await read(edKey.token({ clarion: {} }), 'news/today')).status).toBe(403);
  });

  test('names people by the claim that was agreed on', async () => {
    expect((await read(edKey.token({ email: undefined }))).status).toBe(401);
    expect((await read(edKey.token({ email: 'ada lovelace@company.example' }))).status).toBe(422);
  });

  test('exchanges its keys: the new one is found, the old one ends', async () => {
    provider.keys = [rsaKey, nextKey];
    expect((await readUntil(200, nextKey.token())).status).toBe(200);
    expect((await readUntil(401, ecKey.token())).status).toBe(401);
    expect((await read(rsaKey.token())).status).toBe(200);
  });

  test('may fail: known keys hold for a while, then clients may come back, and do', async () => {
    await readUntil(200, nextKey.token());
    await provider.goAway();
    expect((await read(nextKey.token())).status).toBe(200);
    const late = await readUntil(503, nextKey.token());
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await late.json()).toMatchObject({ code: 'overloaded' });
    expect(server.logs.filter((line) => line.includes('cannot be had'))).toHaveLength(1);
    const socket = await refusedHandshake(`${server.url}/v1/ws?access_token=${nextKey.token()}`);
    expect([socket.status, socket.body]).toEqual([503, expect.objectContaining({ code: 'overloaded' })]);
    const client = new SocketListener(
      server.url,
      { token: nextKey.token() },
      { reconnection: true, reconnectionDelay: 100 },
    );
    await client.first('disconnect');
    await provider.comeBack();
    await client.first('ready');
    client.close();
    expect((await readUntil(200, nextKey.token())).status).toBe(200);
  });

  test.each([
    ['redirects', 302],
    ['fails', 500],
  ])('is not followed elsewhere when it %s', async (_, status) => {
    provider.keys = [rsaKey, nextKey];
    await readUntil(200, rsaKey.token());
    const elsewhere = await IdentityProvider.start();
    elsewhere.keys = [farKey];
    provider.answer = (response) => response.writeHead(status, { location: elsewhere.jwksUrl }).end();
    expect((await readUntil(503, farKey.token())).status).toBe(503);
    expect(elsewhere.requests).toBe(0);
    provider.answer = undefined;
    await elsewhere.goAway();
  });
});
