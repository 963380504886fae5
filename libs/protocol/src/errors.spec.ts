import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mayComeBack } from './close-codes.js';
import { DomainError, ERRORS, problemSchema, toInputErrors } from './errors.js';
import { CLOSE_REASONS } from './events.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

function documented(): Record<string, { status: number; title: string; retry: boolean; closeCode: number }> {
  const rows = README.matchAll(
    /^\| `(?<code>[a-z._]+)` \| (?<status>\d{3}) \| (?<title>[^|]+?) \| (?<retry>yes|no) \| (?<closeCode>\d{4}) \|/gm,
  );
  return Object.fromEntries(
    [...rows].map(({ groups = {} }) => [
      groups['code'],
      {
        status: Number(groups['status']),
        title: groups['title'] ?? '',
        retry: groups['retry'] === 'yes',
        closeCode: Number(groups['closeCode']),
      },
    ]),
  );
}

describe('the catalogue', () => {
  it('and its table in the README say the same', () => {
    expect(documented()).toEqual(ERRORS);
  });

  it('gives the same advice by close codes as in words', () => {
    for (const { retry, closeCode } of Object.values(ERRORS)) expect(mayComeBack(closeCode)).toBe(retry);
    for (const { reconnect, closeCode } of Object.values(CLOSE_REASONS)) expect(mayComeBack(closeCode)).toBe(reconnect);
  });

  it('makes problem documents that fit their schema', () => {
    const problem = new DomainError('body.invalid', 'why', [{ pointer: '/topic', detail: 'bad' }]).toProblem('req-1');
    expect(problemSchema.parse(problem)).toEqual({
      type: 'urn:clarion:problem:body.invalid',
      title: 'The body does not fit the schema',
      status: 422,
      code: 'body.invalid',
      detail: 'why',
      errors: [{ pointer: '/topic', detail: 'bad' }],
      requestId: 'req-1',
    });
  });
});

describe('input errors', () => {
  const schema = z.strictObject({ a: z.array(z.number()).optional() });

  function errorsOf(value: unknown): ReturnType<typeof toInputErrors> {
    const parsed = schema.safeParse(value);
    if (parsed.success) throw new Error('was accepted');
    return toInputErrors(parsed.error);
  }

  it('point to the place, escaped as in RFC 6901', () => {
    expect(errorsOf({ a: [1, 'x'] })).toMatchObject([{ pointer: '/a/1' }]);
    expect(errorsOf({ 'x/y~z': 1 })).toEqual([{ pointer: '/x~1y~0z', detail: 'unknown field' }]);
  });

  it('stay few and short, however bad the input', () => {
    const hostile = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`${i}${'k'.repeat(1_000)}`, i]));
    const errors = errorsOf({ ...hostile, a: Array(5_000).fill('x') });
    expect(errors.length).toBeLessThanOrEqual(20);
    expect(JSON.stringify(errors).length).toBeLessThan(4_096);
  });
});
