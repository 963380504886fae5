// A process of its own on one log. `append`: reports each acknowledged batch as a line of JSON, until it is killed.
// `open`: reports whether it could open the log.
import { randomUUID } from 'node:crypto';
import { SqliteStore } from '#clarion/store-sqlite';

const [mode, file] = process.argv.slice(2);

function report(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function appendForEver(store) {
  for (;;) {
    const batch = Array.from({ length: 1 + Math.floor(Math.random() * 40) }, () => ({
      id: randomUUID(),
      entry: {
        topics: ['orders/1', `orders/${Math.floor(Math.random() * 100)}x`],
        publishedAt: Date.now(),
        body: `"title":"${'x'.repeat(200)}"`,
      },
    }));
    const results = await store.append(batch);
    report({ acknowledged: results.map(({ id, offset }) => ({ id, offset })) });
  }
}

const store = new SqliteStore({ file, readers: 1 });
try {
  await store.open();
} catch (error) {
  report({ refused: error.message });
  process.exit(0);
}
report({ opened: true });
if (mode === 'append') await Promise.all([appendForEver(store), appendForEver(store)]);
await store.close();
