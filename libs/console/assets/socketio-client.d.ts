import type * as client from 'socket.io-client';

/** The stock browser client, which the server hands out at `console/socketio-client.js` from `socket.io/client-dist`. */
export declare const io: typeof client.io;
