import { expect, test } from 'vitest';
import { NO_RULES, type LiveRules } from '#clarion/notifications';
import type { EntryTraits } from '#clarion/event-bus';
import type { Cursor, Topic } from '#clarion/protocol';
import { LogEvent } from './log-event.js';
import { Screen } from './screen.js';

const T = 'a' as Topic;

function event(traits: EntryTraits = {}): LogEvent {
  return LogEvent.durable({ offset: 2, id: 'n', topics: [T], publishedAt: 1, body: '', ...traits }, 'c' as Cursor);
}

/** Withholds everything that it is asked about. */
function strict(mayWithhold: boolean): { screen: Screen; asked: unknown[][] } {
  const asked: unknown[][] = [];
  const rules: LiveRules = {
    ...NO_RULES,
    mayWithhold: () => mayWithhold,
    withheld: (...all) => (asked.push(all), 'muted.topic'),
  };
  return { screen: new Screen(rules), asked };
}

test('what is over passes for nobody', () => {
  const { screen } = strict(false);
  expect(screen.passes(event({ expiresAt: Date.now() }), T, undefined)).toBe(false);
  expect(screen.passes(event({ expiresAt: Date.now() + 60_000 }), T, undefined)).toBe(true);
});

test('rules are asked of people who may have some, and for what has a category', () => {
  const { screen, asked } = strict(false);
  expect(screen.passes(event(), T, 'u-1')).toBe(true);
  expect(screen.passes(event({ category: 'ads' }), T, undefined)).toBe(true);
  expect(asked).toEqual([]);
  expect(screen.passes(event({ category: 'ads', urgent: true }), T, 'u-1')).toBe(false);
  expect(asked).toEqual([['u-1', expect.objectContaining({ category: 'ads', urgent: true }), T, expect.any(Number)]]);
  expect(strict(true).screen.passes(event(), T, 'u-1')).toBe(false);
});

test('of what people did themselves, and of what the server says, nothing is withheld', () => {
  const { screen } = strict(true);
  expect(screen.passes(event({ kind: 'inbox' }), T, 'u-1')).toBe(true);
  expect(screen.passes(LogEvent.control('summary', [T], '{}'), T, 'u-1')).toBe(true);
  expect(screen.passes(event({ kind: 'updated', about: 1 }), T, 'u-1')).toBe(false);
  expect(screen.passes(event({ kind: 'retracted', about: 1 }), T, 'u-1')).toBe(false);
});
