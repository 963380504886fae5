const encoder = new TextEncoder();

/** @param {string} text */
export function utf8Bytes(text) {
  return encoder.encode(text).length;
}

/** A WebSocket frame from the server, which is never masked: its header and its payload (RFC 6455 §5.2). @param {string} payload */
export function frameBytes(payload) {
  const bytes = utf8Bytes(payload);
  if (bytes < 126) return bytes + 2;
  return bytes + (bytes < 65_536 ? 4 : 10);
}

/**
 * The text of one event as the server writes it: `id:`, `event:`, `data:`, and the empty line.
 * @param {MessageEvent<string>} event @param {boolean} placed Whether it has an `id:`.
 */
export function eventStreamBytes(event, placed) {
  const name = event.type === 'message' ? '' : `event: ${event.type}\n`;
  return utf8Bytes(`${placed ? `id: ${event.lastEventId}\n` : ''}${name}data: ${event.data}\n\n`);
}

/**
 * Hears of each finished request of this page that `concerns` a feed, and of its size as the browser reports it.
 * @param {(url: URL, initiator: string) => boolean} concerns
 * @param {(bytes: number) => void} take
 * @returns {() => void} Ends it.
 */
export function watchTransfers(concerns, take) {
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!(entry instanceof PerformanceResourceTiming)) continue;
      if (concerns(new URL(entry.name), entry.initiatorType)) take(entry.transferSize);
    }
  });
  observer.observe({ type: 'resource' });
  return () => observer.disconnect();
}
