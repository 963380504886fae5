import { describe, expect, it } from 'vitest';
import type { LogEntry } from '#clarion/event-bus';
import { Explanations } from './explanations.js';
import type { ReceiptNote } from './people-store.js';
import { NO_PREFERENCES, type StoredPreferences } from './preferences.js';
import { NOBODY_REACHED, type OpenReach, type Reach } from './reach.js';

const OFFSET = 5;
const NEVER = async (): Promise<never> => {
  throw new Error('is not asked');
};

/** A connection that reads the person's own topic alone, from the first on. */
const READER: OpenReach = {
  transport: 'sse',
  device: undefined,
  since: 0,
  through: OFFSET,
  lag: 0,
  hearsEphemeral: true,
  readsAfter: (topic) => (topic === 'users/u-1' ? 0 : Infinity),
  mayRead: () => true,
};

interface World {
  readonly category?: string;
  readonly preferences?: StoredPreferences;
  /** What happens while the connections are looked at. */
  readonly meanwhile?: (notes: ReceiptNote[]) => void;
}

/** The cause for `u-1`, who is named and connected, and wishes everything. */
async function causeOf({ category, preferences = NO_PREFERENCES, meanwhile }: World): Promise<string | undefined> {
  const [waiting, written]: [ReceiptNote[], ReceiptNote[]] = [[], []];
  const reach: Reach = {
    ...NOBODY_REACHED,
    connectionsOf: async () => {
      meanwhile?.(waiting);
      return new Map([['u-1', [READER]]]);
    },
  };
  const explanations = new Explanations(
    { follows: async () => [], receipts: async () => written, standing: async () => ({}), inbox: NEVER },
    { flush: async () => void written.push(...waiting.splice(0)) },
    { get: NEVER },
    { scope: NEVER },
    { judgeOf: async () => () => undefined, preferencesOf: async () => preferences },
    { floor: 0 },
    reach,
    { of: NEVER },
    { whyNot: NEVER },
  );
  const entry: LogEntry = { id: 'n', offset: OFFSET, topics: ['users/u-1'], publishedAt: 1, body: '' };
  const found = { entry: { ...entry, ...(category !== undefined && { category }) }, collapsedBy: new Map() };
  return (await explanations.causesOf(found, ['u-1'])).get('u-1');
}

describe('whom a notification names, and whose connection came past it without a note', () => {
  it('is said to have withheld it only if they may have: they have chosen something once, or it has a category', async () => {
    expect(await causeOf({ preferences: { ...NO_PREFERENCES } })).toBe('withheld.then');
    expect(await causeOf({ category: 'news' })).toBe('withheld.then');
    expect(await causeOf({})).toBe('delivered.sent');
  });

  it('has it, when it was sent while their connections were looked at', async () => {
    const note = { offset: OFFSET, user: 'u-1', stage: 'sent', at: 2, transport: 'sse', device: null } as const;
    expect(await causeOf({ category: 'news', meanwhile: (notes) => notes.push(note) })).toBe('delivered.sent');
  });
});
