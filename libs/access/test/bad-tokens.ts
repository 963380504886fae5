import type { KeyObject } from 'node:crypto';
import {
  constant,
  ecdsa,
  ecKeys,
  eddsa,
  edKeys,
  encoded,
  handmade,
  hmac,
  jwkOf,
  pss,
  rsa,
  rsaKeys,
  type Signer,
} from './handmade-tokens.js';

export const ISSUER = 'https://issuer.example/';
export const AUDIENCE = 'clarion-tests';

/** An issuer whose tokens a server takes, and all that an attacker may know of it, and more: some rows are signed by the issuer itself. */
export interface Issuer {
  readonly alg: 'HS256' | 'RS256';
  readonly kid?: string;
  /** Of a server that takes tokens by a public key: that key, which is no secret. Of others: some key. */
  readonly publicKey: KeyObject;
  readonly sign: Signer;
  /** The same key or secret, used in another manner than was agreed. */
  readonly misuses: Readonly<Record<string, Signer>>;
}

export interface BadToken {
  readonly name: string;
  readonly token: string;
  readonly code: 'token.invalid' | 'token.expired';
}

type Claims = Readonly<Record<string, unknown>>;

/** What a good token says. */
export function goodClaims(nowS: number): Claims {
  return {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'mallory',
    iat: nowS,
    exp: nowS + 3_600,
    clarion: { subscribe: ['open/**'], publish: ['open/**'] },
  };
}

export function headerOf({ alg, kid }: Issuer): Claims {
  return { alg, typ: 'JWT', ...(kid !== undefined && { kid }) };
}

export function goodToken(issuer: Issuer, nowS: number): string {
  return handmade(headerOf(issuer), goodClaims(nowS), issuer.sign);
}

/**
 * Tokens of which a server must take none. All of them are good but for what their name says.
 * @param canary an address at which somebody listens who must hear nothing.
 */
export function badTokens(issuer: Issuer, nowS: number, canary: string): BadToken[] {
  const world = { issuer, good: goodClaims(nowS), header: headerOf(issuer), nowS };
  const invalid = {
    ...unsigned(world),
    ...confused(world),
    ...foreign(world),
    ...damaged(world),
    ...pointing(world, canary),
    ...headers(world),
    ...times(world),
    ...claims(world),
    ...ambiguous(world),
  };
  const rows = Object.entries(invalid).map(([name, token]) => ({ name, token, code: 'token.invalid' as const }));
  const expired = handmade(world.header, { ...world.good, exp: nowS - 61 }, issuer.sign);
  return [...rows, { name: 'expired', token: expired, code: 'token.expired' }];
}

interface World {
  readonly issuer: Issuer;
  readonly good: Claims;
  readonly header: Claims;
  readonly nowS: number;
}

type Rows = Readonly<Record<string, string>>;

/** RFC 8725 §2.1: "none", however it is written. */
function unsigned({ issuer, good, header }: World): Rows {
  const algs = ['none', 'None', 'nOnE', 'NONE', 'none ', ''];
  const nothing = constant(Buffer.alloc(0));
  return {
    ...Object.fromEntries(
      algs.map((alg) => [`says "${alg}", without a signature`, handmade({ ...header, alg }, good, nothing)]),
    ),
    ...Object.fromEntries(
      algs.map((alg) => [`says "${alg}", well signed`, handmade({ ...header, alg }, good, issuer.sign)]),
    ),
    'has an empty signature': handmade(header, good, nothing),
    'does not name its algorithm': handmade({ typ: 'JWT' }, good, issuer.sign),
    'names its algorithm null': handmade({ ...header, alg: null }, good, issuer.sign),
    'names its algorithm by a number': handmade({ ...header, alg: 256 }, good, issuer.sign),
    'names its algorithm in a list': handmade({ ...header, alg: [issuer.alg] }, good, issuer.sign),
    'names a member of every object as its algorithm': handmade({ ...header, alg: 'constructor' }, good, issuer.sign),
    'writes its algorithm small': handmade({ ...header, alg: issuer.alg.toLowerCase() }, good, issuer.sign),
  };
}

/** RFC 8725 §2.1: a public key taken for a secret, and other algorithms than was agreed. */
function confused({ issuer, good, header }: World): Rows {
  const spki = issuer.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const jwk = jwkOf(issuer.publicKey);
  const secrets = {
    'the PEM of the public key': spki,
    'the PEM of the public key, without its last line break': spki.trimEnd(),
    'the PEM of the public key in PKCS#1': issuer.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    'the DER of the public key': issuer.publicKey.export({ type: 'spki', format: 'der' }),
    'the DER of the public key in PKCS#1': issuer.publicKey.export({ type: 'pkcs1', format: 'der' }),
    'the JWK of the public key': JSON.stringify(jwk),
    'the modulus of the public key': String(jwk['n']),
    'the bytes of its modulus': Buffer.from(String(jwk['n']), 'base64url'),
    nothing: '',
    'the word "secret"': 'secret',
    'the key’s own name': issuer.kid ?? 'key-1',
  };
  const byHmac = Object.entries(secrets).flatMap(([name, secret]) =>
    [256, 384, 512].map((bits): [string, string] => [
      `HS${bits} with ${name} for a secret`,
      handmade({ ...header, alg: `HS${bits}` }, good, hmac(secret, bits)),
    ]),
  );
  const misused = Object.entries(issuer.misuses).map(([alg, signer]): [string, string] => [
    `${alg} with the right key`,
    handmade({ ...header, alg }, good, signer),
  ]);
  return Object.fromEntries([...byHmac, ...misused]);
}

/** Well signed, by somebody else. */
function foreign({ issuer, good, header }: World): Rows {
  const signers: Record<string, Signer> = {
    HS256: hmac('a-secret-of-somebody-else-32-bytes-long'),
    HS512: hmac('a-secret-of-somebody-else-32-bytes-long', 512),
    RS256: rsa(STRANGER.rsa.privateKey),
    RS512: rsa(STRANGER.rsa.privateKey, 512),
    PS256: pss(STRANGER.rsa.privateKey),
    ES256: ecdsa(STRANGER.ec.privateKey),
    EdDSA: eddsa(STRANGER.ed.privateKey),
  };
  return {
    ...Object.fromEntries(
      Object.entries(signers).map(([alg, signer]) => [
        `${alg} by somebody else`,
        handmade({ ...header, alg }, good, signer),
      ]),
    ),
    'ES256 with the signature that once fitted everything': handmade(
      { ...header, alg: 'ES256' },
      good,
      constant(Buffer.alloc(64)),
    ),
    'somebody else’s, and expired': handmade(header, { ...good, exp: 1 }, hmac('x'.repeat(32))),
    'signed by our algorithm with zeros': handmade(header, good, constant(Buffer.alloc(issuer.sign('').length))),
  };
}

const STRANGER = { rsa: rsaKeys(), ec: ecKeys(), ed: edKeys() };

function damaged({ issuer, good, header }: World): Rows {
  const token = handmade(header, good, issuer.sign);
  const [head = '', body = '', tail = ''] = token.split('.');
  const signature = Buffer.from(tail, 'base64url');
  const flipped = Buffer.from(signature.map((byte, i) => (i === 0 ? byte ^ 1 : byte)));
  const admin = encoded({ ...good, sub: 'admin' });
  return {
    'cut after its claims': `${head}.${body}`,
    'cut after its header': head,
    'of dots alone': '..',
    'of four parts': `${token}.${tail}`,
    'of five parts, as if encrypted': `${head}..${body}.${tail}.${tail}`,
    'with a dot before it': `.${token}`,
    'as JSON': JSON.stringify({ protected: head, payload: body, signature: tail }),
    'with one bit of its signature turned': `${head}.${body}.${flipped.toString('base64url')}`,
    'with half of its signature': `${head}.${body}.${tail.slice(0, tail.length / 2)}`,
    'with a byte more in its signature': `${head}.${body}.${encoded(Buffer.concat([signature, Buffer.alloc(1)]))}`,
    'with another’s claims': `${head}.${admin}.${tail}`,
    'with another’s signature': `${head}.${body}.${issuer.sign(`${head}.${admin}`).toString('base64url')}`,
    'with its header encoded twice': handmade(head, good, issuer.sign),
    padded: `${head}=.${body}.${tail}`,
    'in the other alphabet of base64': handmade({ ...header, x: '???>>>' }, good, issuer.sign).replace(
      /^[^.]+/,
      (part) => Buffer.from(part, 'base64url').toString('base64').replaceAll('=', ''),
    ),
    'longer than anything that is read': handmade(header, { ...good, padding: 'x'.repeat(6_500) }, issuer.sign),
  };
}

/** RFC 8725 §3.10: keys that the token itself brings or points to, by a stranger who holds them. */
function pointing({ issuer, good, header }: World, canary: string): Rows {
  const byStranger = issuer.alg === 'HS256' ? hmac('x'.repeat(32)) : rsa(STRANGER.rsa.privateKey);
  const jwk = jwkOf(issuer.alg === 'HS256' ? STRANGER.ed.publicKey : STRANGER.rsa.publicKey, { kid: issuer.kid });
  const members: Record<string, Claims> = {
    'brings its key (jwk)': { jwk },
    'brings its key (x5c)': {
      x5c: [STRANGER.rsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')],
    },
    'points to its keys (jku)': { jku: `${canary}/jwks.json` },
    'points to its certificate (x5u)': { x5u: `${canary}/key.pem` },
    'names an address as its key (kid)': { kid: `${canary}/key` },
    'names a path as its key': { kid: '../../../../../../dev/null' },
    'names a file of the system as its key': { kid: 'file:///etc/passwd' },
    'asks a database for its key': { kid: "x' UNION SELECT 'key' --" },
    'runs a program for its key': { kid: '|/usr/bin/id' },
    'ends the name of its key early': { kid: `${issuer.kid ?? 'key-1'}\0.pem` },
    'names its key at great length': { kid: 'k'.repeat(4_000) },
    'names a member of every object as its key': { kid: '__proto__' },
    'names no key': { kid: '' },
  };
  const rows = Object.entries(members).map(([name, more]): [string, string] => [
    name,
    handmade({ ...header, ...more }, good, byStranger),
  ]);
  return {
    ...Object.fromEntries(rows),
    'names an empty file as its key, and is signed with what is in it': handmade(
      { ...header, alg: 'HS256', kid: '/dev/null' },
      good,
      hmac(''),
    ),
  };
}

/** Well signed by the issuer, with a header that is not for us. */
function headers({ issuer, good, header }: World): Rows {
  const members: Record<string, Claims> = {
    'demands an extension': { crit: ['x'], x: 1 },
    'demands what is understood anyway': { crit: ['exp'], exp: good['exp'] },
    'demands nothing, with emphasis': { crit: [] },
    'has its claims unencoded': { crit: ['b64'], b64: false },
    'says that its claims are unencoded, and does not demand it': { b64: false },
    'is of type "JWE"': { typ: 'JWE' },
    'is of type "id_token+jwt"': { typ: 'id_token+jwt' },
    'is of type "logout+jwt"': { typ: 'logout+jwt' },
    'is of type "secevent+jwt"': { typ: 'secevent+jwt' },
    'is of an empty type': { typ: '' },
    'is of a type that is no text': { typ: ['JWT'] },
    'names its key by a number': { kid: 1 },
    'names its key by an object': { kid: { a: 1 } },
  };
  const rows = Object.entries(members).map(([name, more]): [string, string] => [
    name,
    handmade({ ...header, ...more }, good, issuer.sign),
  ]);
  return {
    ...Object.fromEntries(rows),
    'has a list for a header': handmade([header], good, issuer.sign),
    'has a text for a header': handmade(JSON.stringify(issuer.alg), good, issuer.sign),
    'has half a header': handmade(JSON.stringify(header).slice(0, -1), good, issuer.sign),
    'has a header that is no UTF-8': handmade(Buffer.from([0x7b, 0xff, 0x7d]), good, issuer.sign),
    'has two headers': handmade(JSON.stringify(header) + JSON.stringify(header), good, issuer.sign),
  };
}

/** Well signed by the issuer, at a wrong time. */
function times({ issuer, good, header, nowS }: World): Rows {
  const changes: Record<string, Claims> = {
    'never ends': { exp: undefined },
    'ends null': { exp: null },
    'ends in words': { exp: 'tomorrow' },
    'ends in a number that is text': { exp: String(nowS + 3_600) },
    'ends before all time': { exp: -1 },
    'ends after all calendars': { exp: 1e300 },
    'is not valid yet': { nbf: nowS + 1_800 },
    'begins in words': { nbf: 'yesterday' },
    'was issued in the future': { iat: nowS + 1_800 },
    'was issued in words': { iat: 'yesterday' },
  };
  const rows = Object.entries(changes).map(([name, more]): [string, string] => [
    name,
    handmade(header, { ...good, ...more }, issuer.sign),
  ]);
  const endless = JSON.stringify(good).replace(/"exp":\d+/, '"exp":1e400');
  return { ...Object.fromEntries(rows), 'ends at infinity': handmade(header, endless, issuer.sign) };
}

/** Well signed by the issuer, for others or saying what nobody can understand. */
function claims({ issuer, good, header, nowS }: World): Rows {
  const changes: Record<string, Claims> = {
    'of no issuer': { iss: undefined },
    'of another issuer': { iss: 'https://issuer.example.evil/' },
    'of an issuer that differs by a slash': { iss: ISSUER.slice(0, -1) },
    'of several issuers': { iss: [ISSUER] },
    'of another issuer, and expired': { iss: 'https://evil.example/', exp: nowS - 61 },
    'for nobody': { aud: undefined },
    'for others': { aud: 'another-service' },
    'for others, and expired': { aud: 'another-service', exp: nowS - 61 },
    'for several others': { aud: ['another-service', 'clarion'] },
    'for an empty list': { aud: [] },
    'for an object': { aud: { 0: AUDIENCE } },
    'of nobody': { sub: undefined },
    'of a number': { sub: 7 },
    'of a list': { sub: ['mallory'] },
    'granted everything in a word': { clarion: 'all' },
    'granted nothing that is written': { clarion: null },
    'granted what is no selector': { clarion: { subscribe: ['open secret'] } },
    'granted too much': { clarion: { subscribe: Array(101).fill('a') } },
  };
  const rows = Object.entries(changes).map(([name, more]): [string, string] => [
    name,
    handmade(header, { ...good, ...more }, issuer.sign),
  ]);
  return {
    ...Object.fromEntries(rows),
    'of a prototype’s subject': handmade(
      header,
      JSON.stringify({ ...good, sub: undefined }).replace('{', '{"__proto__":{"sub":"mallory"},'),
      issuer.sign,
    ),
  };
}

/** RFC 7519 §4, RFC 8725 §2.4: well signed by the issuer, and two programs may read two things. */
function ambiguous({ issuer, good, header }: World): Rows {
  const text = JSON.stringify(good);
  const bodies: Record<string, unknown> = {
    'two subjects': text.replace('{', '{"sub":"alice",'),
    'two subjects, one of them escaped': text.replace('{', '{"s\\u0075b":"alice",'),
    'two ends': text.replace('{', '{"exp":1,'),
    'two audiences that are the same': text.replace('{', `{"aud":"${AUDIENCE}",`),
    'two grants inside its claim': text.replace('"subscribe":', '"subscribe":["open/a"],"subscribe":'),
    'claims in a list': [good],
    'claims in a text': JSON.stringify(text),
    'claims that are null': 'null',
    'claims that are no JSON': text.slice(0, -1),
    'claims and more': `${text}{}`,
    'claims that are no UTF-8': Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"x":"\xff"}', 'latin1')]),
    'claims of nothing but depth': `${'['.repeat(2_500)}${']'.repeat(2_500)}`,
    'no claims': '',
  };
  const head = JSON.stringify(header);
  return {
    ...Object.fromEntries(
      Object.entries(bodies).map(([name, body]) => [`has ${name}`, handmade(header, body, issuer.sign)]),
    ),
    'has two algorithms in its header': handmade(head.replace('{', '{"alg":"none",'), good, issuer.sign),
    'has two algorithms in its header, the wrong one last': handmade(
      head.replace('}', ',"alg":"none"}'),
      good,
      issuer.sign,
    ),
    'has two types in its header': handmade(head.replace('{', '{"typ":"JWT",'), good, issuer.sign),
  };
}
