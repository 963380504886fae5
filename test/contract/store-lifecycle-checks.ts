import assert from 'node:assert/strict';
import type { Epoch, LogBounds } from '#clarion/notifications';
import { drain, idsOf } from './store-drain.js';
import {
  draft,
  drafts,
  offsetOf,
  onFreshLog,
  withPlace,
  withStore,
  type Acknowledged,
  type StoreCheck,
} from './store-harness.js';

/** SIGKILLs in a row; the long form of this is a test of the whole server. */
const KILLS = 3;

function epochOf({ epochs }: LogBounds, offset: number): Epoch | undefined {
  return epochs.findLast(({ firstOffset }) => firstOffset <= offset);
}

export const lifecycleChecks: readonly StoreCheck[] = [
  onFreshLog('open: a new log has one epoch, a head, no floor, and a key of 32 bytes', async ({ opened }) => {
    assert.equal(opened.head, 1);
    assert.equal(opened.floor, 0);
    assert.deepEqual(
      opened.epochs.map(({ firstOffset }) => firstOffset),
      [1],
    );
    assert.match(opened.epochs[0]?.id ?? '', /^[0-9a-f]{16}$/);
    assert.equal(opened.secret.byteLength, 32);
  }),

  {
    name: 'open: each time begins an epoch of its own, and forgets none',
    run: (harness) =>
      withPlace(harness, async (place) => {
        const known: Epoch[] = [];
        let head = 0;
        for (let i = 0; i < 4; i++) {
          await withStore(place, async ({ store, opened }) => {
            const newest = opened.epochs.at(-1);
            assert.deepEqual(opened.epochs.slice(0, -1), known);
            assert.equal(newest?.firstOffset, head + 1);
            assert.ok(!known.some(({ id }) => id === newest?.id), 'an epoch was used twice');
            known.push(...opened.epochs.slice(-1));
            head = offsetOf((await store.append(drafts(i + 1))).at(-1));
            assert.deepEqual((await store.bounds()).epochs, known);
          });
        }
      }),
  },

  {
    name: 'open: the key is kept, and differs from log to log',
    run: (harness) =>
      withPlace(harness, async (place) => {
        const first = await withStore(place, async ({ opened }) => opened.secret);
        const second = await withStore(place, async ({ opened }) => opened.secret);
        const other = await withPlace(harness, (elsewhere) =>
          withStore(elsewhere, async ({ opened }) => opened.secret),
        );
        assert.deepEqual(Buffer.from(first), Buffer.from(second));
        assert.notDeepEqual(Buffer.from(first), Buffer.from(other));
      }),
  },

  {
    name: 'open: a restored older copy that grows past its old head has another epoch there',
    run: (harness) =>
      withPlace(harness, async (place) => {
        await withStore(place, ({ store }) => store.append(drafts(5)));
        const copy = await place.copy();
        const lost = await withStore(place, async ({ store }) => {
          await store.append(drafts(5));
          return store.bounds();
        });
        try {
          await withStore(copy, async ({ store, opened }) => {
            const restored = { ...(await store.append(drafts(20)), await store.bounds()) };
            assert.ok(restored.head > lost.head);
            for (let offset = 1; offset < opened.head; offset++)
              assert.deepEqual(epochOf(restored, offset), epochOf(lost, offset), `offset ${offset} is common`);
            for (let offset = opened.head; offset <= lost.head; offset++)
              assert.notEqual(epochOf(restored, offset)?.id, epochOf(lost, offset)?.id, `offset ${offset} is another`);
          });
        } finally {
          await copy.dispose();
        }
      }),
  },

  {
    name: 'close: may be repeated, answers what was begun, and refuses what comes after',
    run: (harness) =>
      withPlace(harness, async (place) => {
        const request = draft();
        const store = place.store();
        await store.open();
        const appending = store.append([request]);
        await store.close();
        await store.close();
        const [result] = await appending;
        await assert.rejects(store.append([draft()]));
        await assert.rejects(store.read({ after: 0, selectors: null, limit: 1, maxBytes: 1 }));
        await withStore(place, async ({ store: again, opened }) => {
          assert.equal(opened.head, offsetOf(result) + 1);
          assert.deepEqual(idsOf(await drain(again, { head: opened.head })), [request.id]);
        });
      }),
  },

  {
    name: `kill -9 while appending, ${KILLS} times: everything acknowledged is there, each once, in order`,
    isSlow: true,
    run: (harness) =>
      withPlace(harness, async (place) => {
        const acknowledged: Acknowledged[] = [];
        for (let i = 0; i < KILLS; i++) acknowledged.push(...(await place.killWhileAppending(200)));
        await withStore(place, async ({ store, opened }) => {
          const entries = await drain(store, { head: opened.head });
          const kept = new Map(entries.map(({ id, offset }) => [id, offset]));
          assert.equal(kept.size, entries.length, 'an id is there twice');
          for (const { id, offset } of acknowledged) assert.equal(kept.get(id), offset, `${id} at ${offset}`);
          assert.equal(opened.epochs.length, KILLS + 1);
        });
      }),
  },

  {
    name: 'open: a second process is refused with a message for operators, until the first has closed',
    isSlow: true,
    run: (harness) =>
      withPlace(harness, async (place) => {
        const message = await withStore(place, () => place.openElsewhere());
        assert.match(message ?? 'it was let in', /in use/);
        assert.equal(await place.openElsewhere(), undefined);
      }),
  },
];
