import type { INestApplicationContext } from '@nestjs/common';
import type { ServerOptions } from 'socket.io';
import { ClarionIoAdapter, gatewaySocketIoConfigSchema } from '#clarion/gateway-socketio';
import { SETTINGS } from './settings.js';

/**
 * The production adapter, with the suites' settings, open to every page, and without connection state recovery: the suites allow
 * nothing but `sid` in the answer to CONNECT.
 */
export class ConformanceIoAdapter extends ClarionIoAdapter {
  constructor(app: INestApplicationContext) {
    const config = {
      heartbeatMs: SETTINGS.pingIntervalMs,
      maxMessageBytes: SETTINGS.maxPayloadBytes,
      connectTimeoutMs: SETTINGS.connectTimeoutMs,
    };
    super(app, gatewaySocketIoConfigSchema.parse(config));
  }

  protected override serverOptions(): Partial<ServerOptions> {
    const { connectionStateRecovery: _recovery, allowRequest: _origins, ...options } = super.serverOptions();
    return { ...options, pingTimeout: SETTINGS.pingTimeoutMs, cors: { origin: '*' } };
  }
}
