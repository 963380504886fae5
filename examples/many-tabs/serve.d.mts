import type { Server } from 'node:http';

/** Serves the example on loopback; port 0 takes a free one. */
export declare function serve(port: number): Promise<Server>;
