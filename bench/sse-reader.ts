import { HttpResponseReader } from './http-response.js';
import { MarkScanner } from './mark.js';
import type { ReaderTarget } from './messages.js';
import { ofReader } from './reader-topics.js';
import { openReader, type Reader, type ReaderEvents, type ReaderProtocol } from './reader.js';

type SseTarget = Extract<ReaderTarget, { transport: 'sse' }>;

/** A reader of Server-Sent Events that does no more than find the marks in the stream. */
export function openSseReader(target: SseTarget, index: number, events: ReaderEvents): Promise<Reader> {
  return openReader(target.port, events, (_socket, ready) => sseProtocol(target, index, events, ready));
}

function sseProtocol(target: SseTarget, index: number, events: ReaderEvents, ready: () => void): ReaderProtocol {
  const scanner = new MarkScanner(events.onMark);
  /** What came before the reader was ready; null afterwards. */
  let opening: string | null = '';
  const beReady = (): void => {
    opening = null;
    ready();
  };
  const response = new HttpResponseReader({
    onHead(status) {
      if (status !== 200) throw new Error(`the stream was refused with ${status}`);
      if (target.readyText === null) beReady();
    },
    onBody(slice) {
      if (opening !== null && target.readyText !== null) {
        opening += slice.toString('latin1');
        if (opening.includes(target.readyText)) beReady();
      }
      scanner.push(slice);
    },
    onEnd() {
      throw new Error('the server ended the stream');
    },
  });
  return {
    hello: `GET ${ofReader(target.path, target.wants, index)} HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\nAccept: text/event-stream\r\n\r\n`,
    push: (piece) => response.push(piece),
  };
}
