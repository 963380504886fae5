import { IncomingMessage } from 'node:http';

/** Where event streams are; an address that is spelled otherwise is answered too, at Node's price. */
export const EVENTS_PATH = '/v1/events';

/**
 * A request as Node's HTTP server makes it (its option `IncomingMessage`), but one that asks for an event stream counts as an upgrade:
 * the connection will carry nothing but that stream until it ends. So Node hands over the connection and lets go of its parser and of all
 * that it keeps to await a next request, which is more than half of what an idle stream would cost.
 */
export class EventStreamRequest extends IncomingMessage {
  /** What Node's parser found. Set by the constructor of the base class, before fields of this one would be. */
  declare private asked: boolean | null;

  get upgrade(): boolean {
    return this.asked === true || this.#isEventStream();
  }

  set upgrade(asked: boolean | null) {
    this.asked = asked;
  }

  #isEventStream(): boolean {
    const { method, url, headers } = this;
    if (method !== 'GET' || url?.startsWith(EVENTS_PATH) !== true) return false;
    if (url.length > EVENTS_PATH.length && url[EVENTS_PATH.length] !== '?') return false;
    const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
    return !hasBody && headers.accept?.toLowerCase().includes('text/event-stream') === true;
  }
}
