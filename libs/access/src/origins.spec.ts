import { describe, expect, it } from 'vitest';
import { AllowedOrigins, answerHeaders, normaliseOrigin, preflightHeaders } from './origins.js';

describe('normaliseOrigin', () => {
  it.each([
    ['https://app.example', 'https://app.example'],
    ['HTTPS://App.Example:443', 'https://app.example'],
    ['http://localhost:80', 'http://localhost'],
    ['http://localhost:3000', 'http://localhost:3000'],
    ['http://localhost:*', 'http://localhost:*'],
    ['http://[::1]:*', 'http://[::1]:*'],
    ['capacitor://localhost', 'capacitor://localhost'],
  ])('%s is %s', (entry, origin) => {
    expect(normaliseOrigin(entry)).toBe(origin);
  });

  it.each([
    '*',
    'null',
    '',
    'app.example',
    'https://',
    'https://*',
    'https://*.example',
    'https://app.example/',
    'https://a@b',
    'https://a:1:*',
    'https://a:*:*',
    'http://a b',
    'https://a:99999',
    'https://a?b',
  ])('%j is none', (entry) => {
    expect(normaliseOrigin(entry)).toBeUndefined();
  });
});

describe('AllowedOrigins', () => {
  const origins = new AllowedOrigins(['https://app.example', 'http://localhost:*', 'http://[::1]:*']);

  it.each([
    undefined,
    'https://app.example',
    'http://localhost',
    'http://localhost:3000',
    'http://localhost:65535',
    'http://[::1]:8080',
  ])('allows %s', (origin) => {
    expect(origins.allows(origin)).toBe(true);
  });

  it.each([
    'null',
    '',
    'http://app.example',
    'https://app.example:8443',
    'https://app.example.evil.example',
    'https://evil.example',
    'https://localhost:3000',
    'http://localhost:3000@evil.example',
    'http://localhost.evil.example:3000',
    'http://localhost:3000/',
    'http://localhost:*',
    'http://localhost:',
    'http://evil.example#http://localhost:3000',
    'https://app.example, http://localhost:3000',
    'HTTPS://APP.EXAMPLE',
  ])('refuses %j', (origin) => {
    expect(origins.allows(origin)).toBe(false);
  });

  it('allows only what has no origin when nothing is listed', () => {
    const none = new AllowedOrigins([]);
    expect(none.allows(undefined)).toBe(true);
    expect(none.allows('http://localhost:3000')).toBe(false);
    expect(none.allows('')).toBe(false);
  });
});

describe('the headers', () => {
  it('allow credentials only where cookies count', () => {
    const counted = [answerHeaders('https://a', true), preflightHeaders('https://a', true)];
    expect(counted.map((headers) => headers['access-control-allow-credentials'])).toEqual(['true', 'true']);
    const names = Object.keys({ ...answerHeaders('https://a', false), ...preflightHeaders('https://a', false) });
    expect(names).not.toContain('access-control-allow-credentials');
  });

  it('vary by origin', () => {
    expect(answerHeaders('https://a', false)['vary']).toBe('Origin');
    expect(preflightHeaders('https://a', false)['vary']).toContain('Origin');
  });
});
