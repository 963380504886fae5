/** Milliseconds since 1970 as the wire has times. */
export function isoTime(at: number): string {
  return new Date(at).toISOString();
}
