import type { RealtimeConfig } from './realtime.config.js';
import type { SessionLimits } from './session-context.js';

/** What one session may take: as far as an operator has a say in it, the configuration's. */
export function sessionLimits({ maxSelectors, sessionBufferBytes }: RealtimeConfig): SessionLimits {
  return {
    maxSelectors,
    maxPendingBytes: sessionBufferBytes,
    page: { limit: 256, maxBytes: Math.min(65_536, sessionBufferBytes) },
    maxKeys: 64,
    maxCommands: 256,
    cursorEveryMs: 1_000,
  };
}
