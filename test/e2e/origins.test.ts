import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, restRoutes, TRANSPORTS, type Ask, type Told } from '../support/doors.js';
import { mintToken } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';

const ALLOWED = 'https://app.example';
const COOKIE = 'session';

/** Nobody of them is on the list, which has `https://app.example`, `https://bücher.example` and `http://localhost:*`. */
const FOREIGN: readonly (readonly [what: string, origin: string])[] = [
  ['another host', 'https://evil.example'],
  ['null, as sandboxed frames and files have', 'null'],
  ['the word in another case', 'NULL'],
  ['nothing', ''],
  ['a star', '*'],
  ['the host as a prefix', 'https://app.example.evil.example'],
  ['the host as a suffix', 'https://evilapp.example'],
  ['a host below it', 'https://www.app.example'],
  ['the domain above it', 'https://example'],
  ['one character less', 'https://app.exampl'],
  ['another port', 'https://app.example:8443'],
  ['the default port, spelled out', 'https://app.example:443'],
  ['an empty port', 'https://app.example:'],
  ['another scheme', 'http://app.example'],
  ['a scheme of sockets', 'wss://app.example'],
  ['no scheme', 'app.example'],
  ['a trailing dot', 'https://app.example.'],
  ['upper case', 'https://APP.example'],
  ['a scheme in upper case', 'HTTPS://app.example'],
  ['a trailing slash', 'https://app.example/'],
  ['a path', 'https://app.example/page'],
  ['a query', 'https://app.example?x'],
  ['userinfo before it', 'https://evil@app.example'],
  ['it as userinfo', 'https://app.example@evil.example'],
  ['it as userinfo with a port', 'https://app.example:443@evil.example'],
  ['it behind a hash', 'https://evil.example#https://app.example'],
  ['a backslash', 'https://evil.example\\app.example'],
  ['an encoded dot', 'https://app%2eexample'],
  ['two values with a space', `${ALLOWED} https://evil.example`],
  ['two values with a comma', `${ALLOWED}, https://evil.example`],
  ['the other first', `https://evil.example, ${ALLOWED}`],
  ['another letter that looks alike, in UTF-8', Buffer.from('https://аpp.example').toString('latin1')],
  ['another letter that looks alike, in Punycode', 'https://xn--pp-6kc.example'],
  ['an international name that is listed, not in Punycode', Buffer.from('https://bücher.example').toString('latin1')],
  ['a host that begins like one with any port', 'http://localhost.evil.example:3000'],
  ['a host behind the port', 'http://localhost:3000.evil.example'],
  ['a port that is none', 'http://localhost:3000x'],
  ['any port of another scheme', 'https://localhost:3000'],
  ['the number of a name that is listed', 'http://127.0.0.1:3000'],
];

const LISTED = [
  ALLOWED,
  'https://xn--bcher-kva.example',
  'http://localhost:3000',
  'http://localhost:8080',
  'http://localhost',
];

describe.each([
  ['without a token cookie', {}],
  ['with a token cookie', { CLARION_TOKEN_COOKIE: COOKIE }],
])('a server %s', (_, settings: Record<string, string>) => {
  const takesCookies = 'CLARION_TOKEN_COOKIE' in settings;
  let server: TestServer;
  let asks: Ask[];
  /** What a browser would add by itself. */
  let cookie: string;

  beforeAll(async () => {
    server = await startServer({
      ...settings,
      CLARION_DOCS: 'true',
      CLARION_PAGE: 'true',
      CLARION_ANONYMOUS_TOPICS: 'open',
      CLARION_ALLOWED_ORIGINS: `${ALLOWED},https://bücher.example,http://localhost:*`,
    });
    asks = [
      ...TRANSPORTS,
      ...(await restRoutes(server.url)),
      { name: 'an unknown route', method: 'GET', path: '/v1/none' },
    ];
    cookie = `${COOKIE}=${await mintToken(server, { sub: 'u-1', subscribe: ['open'], publish: ['open'] })}`;
  });
  afterAll(() => server?.stop());

  function from(origin: string | undefined, { headers, ...rest }: Ask): Promise<Told> {
    return ask(server.url, { ...rest, headers: { ...headers, cookie, ...(origin !== undefined && { origin }) } });
  }

  function preflight(origin: string, { name, path }: Ask): Promise<Told> {
    const headers = {
      'access-control-request-method': 'DELETE',
      'access-control-request-headers': 'authorization,content-type',
    };
    return from(origin, { name, method: 'OPTIONS', path, headers });
  }

  it('has more than the eight routes that it began with', () => {
    expect(asks.length).toBeGreaterThan(TRANSPORTS.length + 6);
  });

  it.each(FOREIGN)('refuses %s on every transport and route, and allows it nothing', async (_what, origin) => {
    const told = await Promise.all(asks.map((one) => from(origin, one)));
    const preflights = await Promise.all(asks.map((one) => preflight(origin, one)));
    expect(told.map(({ status }, i) => [asks[i]?.name, status])).toEqual(asks.map(({ name }) => [name, 403]));
    expect(new Set(told.map(codeOf))).toEqual(new Set(['origin.forbidden']));
    for (const one of [...told, ...preflights]) expect(allowances(one)).toEqual({});
  });

  it.each(LISTED)('lets %s in everywhere, by its own name', async (origin) => {
    const credentials = takesCookies ? { 'access-control-allow-credentials': 'true' } : {};
    for (const one of asks) {
      const told = await from(origin, one);
      expect([one.name, codeOf(told)]).not.toEqual([one.name, 'origin.forbidden']);
      const expected = isUpgrade(one) ? {} : { 'access-control-allow-origin': origin, ...credentials };
      expect([one.name, onlyOf(told, Object.keys(expected))]).toEqual([one.name, expected]);
      expect([one.name, varies(told) || isUpgrade(one)]).toEqual([one.name, true]);
    }
  });

  it('answers preflights of listed origins alone, for all methods and headers that the API has', async () => {
    for (const one of asks.filter((each) => !isUpgrade(each))) {
      const told = await preflight(ALLOWED, one);
      expect([one.name, told.status]).toEqual([one.name, 204]);
      expect(told.headers['access-control-allow-origin']).toBe(ALLOWED);
      expect(told.headers['access-control-allow-credentials']).toBe(takesCookies ? 'true' : undefined);
    }
    const { headers } = await preflight(ALLOWED, { name: '', method: '', path: '/v1/notifications' });
    for (const method of new Set(asks.map((one) => one.method)))
      expect(headers['access-control-allow-methods']).toContain(method);
    for (const name of ['authorization', 'content-type', 'idempotency-key', 'last-event-id', 'prefer'])
      expect(headers['access-control-allow-headers']).toContain(name);
  });

  it('lets those in who have no origin, being no page, and allows nothing to anybody', async () => {
    for (const one of asks) {
      const told = await from(undefined, one);
      expect([one.name, codeOf(told)]).not.toEqual([one.name, 'origin.forbidden']);
      expect([one.name, allowances(told)]).toEqual([one.name, {}]);
    }
  });

  it('lets no page of any other origin read what is no API', async () => {
    for (const path of ['/', '/console/page.js', '/docs', '/docs/openapi.json', '/health/live', '/metrics', '/none'])
      for (const origin of [ALLOWED, 'https://evil.example', 'null']) {
        const told = await from(origin, { name: path, method: 'GET', path });
        expect([path, origin, allowances(told)]).toEqual([path, origin, {}]);
      }
  });
});

/** All that the answer allows to other origins. */
function allowances({ headers }: Told): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));
}

function onlyOf({ headers }: Told, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, headers[name]]));
}

function varies({ headers }: Told): boolean {
  return /(?:^|,\s*)origin(?:,|$)/i.test(headers.vary ?? '');
}

function isUpgrade({ headers }: Ask): boolean {
  return headers?.['upgrade'] !== undefined;
}

function codeOf({ headers, body }: Told): unknown {
  return /json/.test(headers['content-type'] ?? '') ? JSON.parse(body).code : undefined;
}
