import { describe, expect, it } from 'vitest';
import { ownCookie } from './own-cookie.js';

const PAGE = 'https://app.example';

describe('a cookie is believed', () => {
  it.each([
    ['to publish from a listed page', 'POST', { origin: PAGE }],
    ['to publish from a listed page of another site', 'POST', { origin: PAGE, 'sec-fetch-site': 'cross-site' }],
    [
      'to publish from our own page, by a browser that leaves the Origin out',
      'POST',
      { 'sec-fetch-site': 'same-origin' },
    ],
    ['to read from our own page', 'GET', { 'sec-fetch-site': 'same-origin' }],
    ['to read where a person typed the address', 'GET', { 'sec-fetch-site': 'none' }],
    ['to read, by a browser that does not say', 'GET', {}],
    ['to ask for the head alone', 'HEAD', {}],
  ])('%s', (_, method, headers) => {
    expect(ownCookie({ method, headers: { ...headers, cookie: 'session=1' } })).toBe('session=1');
  });
});

describe('a cookie is nothing', () => {
  it.each([
    ['to publish, if nobody says from where', 'POST', {}],
    ['to delete, if nobody says from where', 'DELETE', {}],
    ['to publish from a form that hides its Origin', 'POST', { 'sec-fetch-site': 'cross-site' }],
    ['to publish from a sibling domain that hides its Origin', 'POST', { 'sec-fetch-site': 'same-site' }],
    ['to publish where a person typed the address', 'POST', { 'sec-fetch-site': 'none' }],
    ['to read as the image of another site', 'GET', { 'sec-fetch-site': 'cross-site' }],
    ['to read as the script of a sibling domain', 'GET', { 'sec-fetch-site': 'same-site' }],
    ['to read, when it is said twice', 'GET', { 'sec-fetch-site': 'same-origin, cross-site' }],
    ['when there is no method', undefined, {}],
  ])('%s', (_, method, headers) => {
    expect(ownCookie({ method, headers: { ...headers, cookie: 'session=1' } })).toBeUndefined();
  });
});
