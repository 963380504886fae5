import type * as client from 'socket.io-client';

/** The stock browser client, which the server hands out at `console/socketio-client.js` from `socket.io/client-dist`. */
export declare const io: typeof client.io;

/** One of Engine.IO's transports, as far as its traffic is counted. */
export interface Transport {
  readonly name: string;
  on(event: 'packet', hear: (packet: { readonly type: string; readonly data?: string }) => void): unknown;
}
