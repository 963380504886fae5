/** What the public suites of Engine.IO and Socket.IO expect of the server under test. Milliseconds and bytes. */
export const SETTINGS = {
  pingIntervalMs: 300,
  pingTimeoutMs: 200,
  maxPayloadBytes: 1_000_000,
  connectTimeoutMs: 1_000,
} as const;
