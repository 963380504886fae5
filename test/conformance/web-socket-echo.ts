import { WebSocketServer } from 'ws';
import type { UpgradeRouter } from '#clarion/realtime';

/** A WebSocket that sends every message back, text as text and bytes as bytes. */
export function mountWebSocketEcho(router: UpgradeRouter): void {
  const server = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false });
  router.mount('/echo', (request, socket, head) =>
    server.handleUpgrade(request, socket, head, (client) => {
      // Of bytes that break the protocol: the library has closed with the code that says so.
      client.on('error', () => undefined);
      client.on('message', (message, isBinary) => client.send(message, { binary: isBinary }));
    }),
  );
}
