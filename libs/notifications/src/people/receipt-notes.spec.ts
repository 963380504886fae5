import { describe, expect, it, vi } from 'vitest';
import type { Via } from './delivery-witness.js';
import type { ReceiptNote } from './people-store.js';
import { ReceiptNotes } from './receipt-notes.js';

const LIMITS = { everyMs: 60_000, maxWaiting: 10_000, maxPeople: 10, maxSent: 10 };
const VIA = { transport: 'sse', device: null } as const;

function notesInto(store: ConstructorParameters<typeof ReceiptNotes>[0]): ReceiptNotes {
  return new ReceiptNotes(store, LIMITS, (error) => {
    throw error;
  });
}

describe('ReceiptNotes', () => {
  it('writes much in parts, so that a publish waits for none of them for long, and nothing twice', async () => {
    const notes: (readonly ReceiptNote[])[] = [];
    const offered: ReadonlyMap<number, number>[] = [];
    const heard = notesInto({
      noteReceipts: async (some) => void notes.push(some),
      noteOffered: async (some) => void offered.push(some),
    });
    const offsets = Array.from({ length: 2_500 }, (_, i) => i + 1);
    for (const offset of offsets) heard.offered(offset, 2);
    heard.received('ada', offsets, VIA);
    await heard.flush();
    await heard.flush();
    expect(notes.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
    expect(notes.flat().map(({ offset }) => offset)).toEqual(offsets);
    expect(offered.map(({ size }) => size)).toEqual([1_000, 1_000, 500]);
    expect(offered.flatMap((some) => [...some])).toEqual(offsets.map((offset) => [offset, 2]));
  });

  it('adds up what one notification was offered to, and asks nothing of the store when nothing was heard', async () => {
    const noteOffered = vi.fn<(some: ReadonlyMap<number, number>) => Promise<void>>(async () => {});
    const noteReceipts = vi.fn<() => Promise<void>>(async () => {});
    const heard = notesInto({ noteReceipts, noteOffered });
    await heard.flush();
    heard.offered(7, 2);
    heard.offered(7, 3);
    await heard.flush();
    expect(noteReceipts).not.toHaveBeenCalled();
    expect(noteOffered.mock.calls).toEqual([[new Map([[7, 5]])]]);
  });

  it('drops what is too much while the store takes nothing, however long that lasts, and counts it', async () => {
    let goOn = (): void => {};
    const stuck = new Promise<void>((resolve) => (goOn = resolve));
    const written: number[] = [];
    const heard = new ReceiptNotes(
      {
        async noteReceipts(some) {
          await stuck;
          written.push(...some.map(({ offset }) => offset));
        },
        noteOffered: async () => {},
      },
      { ...LIMITS, maxWaiting: 10 },
      (error) => {
        throw error;
      },
    );
    heard.received('ada', [0], VIA);
    const flushes = [heard.flush()];
    // So that the store has what was to be written first.
    await Promise.resolve();
    for (let second = 0; second < 3; second++) {
      heard.received(
        'ada',
        Array.from({ length: 10 }, (_, i) => 1 + second * 10 + i),
        VIA,
      );
      flushes.push(heard.flush());
    }
    goOn();
    await Promise.all(flushes);
    expect(written).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(heard.dropped).toBe(20);
  });

  it('takes a cursor that comes back as a receipt of what that device was sent, by topics that it reads', async () => {
    const received: unknown[] = [];
    const heard = notesInto({
      noteReceipts: async (some) =>
        void received.push(
          ...some.flatMap(({ stage, offset, device }) => (stage === 'received' ? [[offset, device]] : [])),
        ),
      noteOffered: async () => {},
    });
    const [laptop, phone] = ['laptop', 'phone'].map((device) => ({ transport: 'sse', device })) as [Via, Via];
    const own = (topic: string): boolean => topic === 'users/ada';
    heard.sent('ada', [{ offset: 1, topics: ['users/ada'] }], laptop);
    heard.sent('ada', [{ offset: 2, topics: ['users/ada', 'orders/7'] }], laptop);
    heard.sent('ada', [{ offset: 2, topics: ['users/ada', 'orders/7'] }], phone);
    heard.sent('ada', [{ offset: 4, topics: ['users/ada'] }], laptop);
    heard.cameBack('bob', 9, laptop, own);
    heard.cameBack('ada', 1, phone, own);
    heard.cameBack('ada', 9, laptop, (topic) => topic === 'news');
    heard.cameBack('ada', 3, laptop, (topic) => topic === 'orders/7');
    heard.cameBack('ada', 3, laptop, own);
    heard.cameBack('ada', 3, laptop, own);
    heard.cameBack('ada', 9, phone, own);
    heard.cameBack('ada', 9, laptop, own);
    await heard.flush();
    expect(received).toEqual([
      [2, 'laptop'],
      [1, 'laptop'],
      [2, 'phone'],
      [4, 'laptop'],
    ]);
  });
});
