import type { IncomingMessage } from 'node:http';
import type { PerMessageDeflateOptions } from 'ws';

/** Bits of the window in which the server looks for repetitions: 8 KiB hold what is alike within one message. */
const WINDOW_BITS = 13;
/** Bytes below which compressing costs more than it spares. */
const THRESHOLD_BYTES = 1_024;
/** Compressions and decompressions at one time in this process; further ones wait. */
const CONCURRENCY = 4;

/** How messages are compressed (RFC 7692) where that is switched on: nothing is kept from one message to the next. */
export const COMPRESSION = {
  threshold: THRESHOLD_BYTES,
  concurrencyLimit: CONCURRENCY,
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: WINDOW_BITS,
  zlibDeflateOptions: { level: 4, memLevel: 7 },
} as const satisfies PerMessageDeflateOptions;

const NARROWER = /server_max_window_bits\s*=\s*"?(?:8|9|10|11|12)\b/;

/** An offer that asks for less memory than we use is to be declined (RFC 7692 §5), where `ws` would refuse the whole connection. */
export function declineNarrowWindow({ headers }: IncomingMessage): void {
  if (NARROWER.test(headers['sec-websocket-extensions'] ?? '')) delete headers['sec-websocket-extensions'];
}
