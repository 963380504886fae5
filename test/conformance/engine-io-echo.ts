import type { Server as HttpServer } from 'node:http';
import { Server, type Socket } from 'engine.io';
import type { UpgradeRouter } from '#clarion/realtime';
import { SETTINGS } from './settings.js';

const PATH = '/engine.io';

/** A second Engine.IO server beside Socket.IO's, with the same options, that sends every message back. */
export function attachEngineIoEcho(http: HttpServer, router: UpgradeRouter): void {
  const server = new Server({
    pingInterval: SETTINGS.pingIntervalMs,
    pingTimeout: SETTINGS.pingTimeoutMs,
    maxHttpBufferSize: SETTINGS.maxPayloadBytes,
    perMessageDeflate: false,
    cors: { origin: '*' },
  });
  server.on('connection', (socket: Socket) => {
    socket.on('message', (message) => socket.send(message));
  });
  router.leave(PATH);
  server.attach(http, { path: PATH, destroyUpgrade: false });
}
