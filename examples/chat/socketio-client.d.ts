import type * as client from 'socket.io-client';

/** The stock browser client, which `serve.mjs` hands out from `socket.io/client-dist`. */
export declare const io: typeof client.io;
