import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { ServerOptions } from './server.js';

const readingSchema = z.object({
  /** Bytes after a forced collection. */
  heapUsed: z.number(),
  /** Bytes outside of the heap that JavaScript objects hold, buffers among them. */
  external: z.number(),
  arrayBuffers: z.number(),
  rss: z.number(),
  /** The longest that the event loop was late since the last reading, milliseconds. */
  maxLoopDelayMs: z.number(),
});

export type ProcessReading = z.infer<typeof readingSchema>;

/** How to start a server that {@link readProcess} can look into. */
export function probed(directory: string): { env: Record<string, string>; options: ServerOptions; socket: string } {
  const socket = join(directory, 'probe');
  return {
    socket,
    env: { PROCESS_PROBE: socket },
    options: {
      nodeArgs: ['--expose-gc', '--import', './test/support/answer-probe.mjs'],
      dataDir: join(directory, 'data'),
    },
  };
}

/** Forces a garbage collection in the server and reads its memory. */
export async function readProcess(socket: string): Promise<ProcessReading> {
  return readingSchema.parse(JSON.parse(await text(connect(socket))));
}
