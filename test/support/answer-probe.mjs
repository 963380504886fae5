// Loaded into a server by `--import`, with `--expose-gc`: answers each connection to a local socket with one line of JSON about
// the process, so that tests can look inside without a hook in the product. See process-probe.ts.
import { unlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const path = process.env.PROCESS_PROBE;

// Worker threads inherit Node's arguments.
if (isMainThread && path !== undefined) {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  removeLeftover(path);
  createServer((socket) => {
    socket.on('error', () => socket.destroy());
    // Twice: what finalisers let go of in the first round is collected in the second.
    globalThis.gc();
    globalThis.gc();
    const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
    socket.end(`${JSON.stringify({ heapUsed, external, arrayBuffers, rss, maxLoopDelayMs: delay.max / 1e6 })}\n`);
    delay.reset();
  })
    .listen(path)
    .unref();
}

/** A server that was killed leaves its socket behind. */
function removeLeftover(socketPath) {
  try {
    unlinkSync(socketPath);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}
