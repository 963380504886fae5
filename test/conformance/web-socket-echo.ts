import { WebSocketServer } from 'ws';
import { gatewayWebSocketConfigSchema } from '#clarion/gateway-websocket';
import type { UpgradeRouter } from '#clarion/realtime';

/** A WebSocket with the limits of production that sends every message back, text as text and bytes as bytes. */
export function mountWebSocketEcho(router: UpgradeRouter): void {
  const { maxMessageBytes, maxFragments } = gatewayWebSocketConfigSchema.parse({});
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    maxFragments,
  });
  router.mount('/echo', (request, socket, head) =>
    server.handleUpgrade(request, socket, head, (client) => {
      // Of bytes that break the protocol or a limit: the library closes with the code that says so.
      client.on('error', () => undefined);
      client.on('message', (message, isBinary) => client.send(message, { binary: isBinary }));
    }),
  );
}
