/** Seconds for which a browser comes back over TLS alone: a year. */
const TLS_ALONE_S = 31_536_000;

const ALWAYS = Object.freeze({
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
});

const OVER_TLS = Object.freeze({
  ...ALWAYS,
  'strict-transport-security': `max-age=${TLS_ALONE_S}`,
});

/**
 * What every answer says to browsers, whoever gives it: it is no page, is nobody's part but by CORS, stands in no frame, and is what its
 * type says. Pages say more in place of it. `encrypted`: TLS is ours, and browsers shall never come without it again (RFC 6797); behind
 * a proxy that is the proxy's to say. The object is shared and frozen: copy it to add to it.
 */
export function protectiveHeaders(encrypted: boolean): Readonly<Record<string, string>> {
  return encrypted ? OVER_TLS : ALWAYS;
}

/** Whether TLS on this connection is ours. */
export function isEncrypted(socket: object): boolean {
  return 'encrypted' in socket && socket.encrypted === true;
}
