import type { Server } from 'node:http';

/** The Clarion that the chat runs on, and a key that may mint tokens there. */
export interface Clarion {
  readonly url: string;
  readonly apiKey: string;
}

/** Serves the example on loopback, and gives tokens to whoever names themselves; port 0 takes a free one. */
export declare function serve(port: number, clarion: Clarion): Promise<Server>;
