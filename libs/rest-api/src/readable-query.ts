/** The token is the guard's; and parsers turn `+`, which topics and user ids may have, into spaces, which they may not. */
export function readableQuery(query: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query)
      .filter(([name]) => name !== 'access_token')
      .map(([name, value]) => [name, typeof value === 'string' ? value.replaceAll(' ', '+') : value]),
  );
}
