/** What a client brings when it connects. */
export interface Errand {
  readonly port: number;
  readonly token: string;
  readonly topic: string;
  /** The last cursor that it saw; null: it comes for the first time. */
  readonly since: string | null;
}

/** Hears each event of the server: its name, and its object as it came. */
export type EventListener = (name: string, data: unknown) => void;

/** One connection, as a transport speaks it. */
export interface Conversation {
  /** The first bytes that the client sends. */
  readonly hello: string;
  /** @throws {Error} when the server refuses, ends it, or says what this transport does not know. */
  push(piece: Buffer): void;
}

/** Begins a conversation; `send` writes on its connection. */
export type Speak = (errand: Errand, hear: EventListener, send: (bytes: Buffer | string) => void) => Conversation;

/** A request without a body. */
export function getRequest(port: number, path: string, headers: readonly string[]): string {
  return [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...headers, '', ''].join('\r\n');
}
