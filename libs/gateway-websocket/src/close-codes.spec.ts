import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CLOSE_REASONS, ERRORS, mayComeBack, type ErrorCode } from '#clarion/protocol';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** Errors for which an established WebSocket is closed. */
const CLOSING: readonly ErrorCode[] = [
  'json.invalid',
  'body.invalid',
  'credentials.missing',
  'token.invalid',
  'token.expired',
  'token.subject_invalid',
  'topic.forbidden',
  'media_type.unsupported',
  'request.timeout',
  'internal',
  'draining',
];

/** Each code of the table, and whether it says to come back. */
function documented(): Map<number, boolean> {
  const rows = [...README.matchAll(/^\| (?<codes>\d{4}(?:, \d{4})*) \|[^|]*\| (?<advice>[^|]*) \|$/gm)];
  return new Map(
    rows.flatMap(({ groups = {} }) =>
      (groups['codes'] ?? '').split(', ').map((code) => [Number(code), groups['advice']?.startsWith('yes') ?? false]),
    ),
  );
}

it('the table of close codes gives the advice that the codes give', () => {
  const table = documented();
  expect(table.size).toBeGreaterThan(10);
  for (const [code, advice] of table) expect([code, mayComeBack(code)]).toEqual([code, advice]);
});

it('has every code with which a connection is closed', () => {
  const used = [...CLOSING.map((code) => ERRORS[code]), ...Object.values(CLOSE_REASONS)];
  expect(used.map(({ closeCode }) => closeCode).filter((code) => !documented().has(code))).toEqual([]);
});
