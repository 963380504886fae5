import { address, pause, Refusal } from './api.js';
import { curedByToken, isFinal, OTHER_KINDS, retryDelay } from './feed.js';
import { frameBytes } from './wire.js';

/** @typedef {import('./api.js').Problem} Problem */

/** The sub-protocol: one JSON object a frame. */
const PROTOCOL = 'clarion.v1.json';
/** How long nothing may come before this asks whether the server is there, and how long it may then take, in milliseconds. */
const QUIET_MS = 30_000;
const ANSWER_MS = 10_000;

/** Close codes below 4500 after which coming back makes sense; 1006: the connection broke. Others, up to 4499, are final. */
const COME_BACK = new Set([1001, 1005, 1006, 1011, 1012, 1013, 1014]);
const FIRST_TO_COME_BACK = 4_500;

/**
 * The browser's own WebSocket, which knows nothing of coming back: this connects again, brings the last cursor, and notices a
 * server that has fallen silent. The token goes in the first message, so that no address names it.
 */
export class WebSocketFeed {
  #options;
  #listener;
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {string | undefined} */
  #cursor;
  #token = '';
  #failures = 0;
  #retriedToken = false;
  /** Milliseconds, as the server's last `bye` asked. @type {number | undefined} */
  #retryAfterMs;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #watch;
  /** Counts what the person asked for: a step that waited goes on only if it is still wanted. */
  #era = 0;

  /** @param {import('./feed.js').FeedOptions} options */
  constructor(options) {
    this.#options = options;
    this.#listener = options.listener;
  }

  /** @param {string} [since] */
  open(since) {
    this.#end();
    this.#cursor = since ?? this.#cursor;
    this.#listener.state('connecting');
    void this.#connect(this.#era);
  }

  close() {
    this.#end();
    this.#listener.state('closed');
  }

  /** Keeps the connection beyond the life of the token with which it began. @param {string} token */
  renew(token) {
    this.#token = token;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#ask('auth', { token });
  }

  #end() {
    this.#era += 1;
    this.#leave();
    this.#options.start.release(this);
  }

  #leave() {
    clearTimeout(this.#watch);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(1000);
  }

  /** @param {number} era */
  async #connect(era) {
    try {
      await this.#options.start.settled(this);
      this.#token = await this.#options.tokens.current();
      if (era === this.#era) this.#listen();
    } catch (failure) {
      if (era === this.#era) await this.#failed(era, failure instanceof Refusal ? failure.problem : undefined);
    }
  }

  #listen() {
    const url = address('v1/ws');
    url.protocol = url.protocol.replace('http', 'ws');
    this.#listener.requested();
    const socket = new WebSocket(url, PROTOCOL);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      if (this.#isCurrent(socket)) this.#introduce();
    });
    socket.addEventListener('message', ({ data }) => {
      if (this.#isCurrent(socket)) this.#heard(data);
    });
    socket.addEventListener('close', ({ code, reason }) => {
      if (this.#isCurrent(socket)) void this.#closed(code, reason);
    });
  }

  /** Both at once: the server takes one after the other. */
  #introduce() {
    const since = this.#cursor ?? this.#options.start.cursor;
    this.#ask('auth', { token: this.#token });
    this.#ask('subscribe', { topics: this.#options.topics, ...(since !== undefined && { since }) });
  }

  /** Frames that were on their way when a connection was given up are not of the next one. @param {WebSocket} socket */
  #isCurrent(socket) {
    return socket === this.#socket;
  }

  /** @param {string} op @param {object} [members] */
  #ask(op, members) {
    this.#socket?.send(JSON.stringify({ op, id: op, ...members }));
  }

  /** @param {string} text */
  #heard(text) {
    this.#listener.received(frameBytes(text));
    this.#expectMore();
    const { event, data, ok, error } = JSON.parse(text);
    if (event === 'notification') this.#listener.notification(data);
    else if (event === 'reply' && !ok) void this.#refused(error);
    else if (event === 'ready') this.#ready(data.cursor);
    else if (event === 'gap') this.#listener.gap(data.reason);
    else if (event === 'bye') this.#bye(data);
    else if (OTHER_KINDS.includes(event)) this.#listener.other?.(event, data);
    if (event !== 'reply' && typeof data.cursor === 'string') this.#place(data.cursor);
  }

  /** @param {string} cursor */
  #ready(cursor) {
    this.#failures = 0;
    this.#retriedToken = false;
    this.#options.start.agree(cursor);
    this.#listener.transport('plain');
    this.#listener.state('live');
  }

  /** @param {string} cursor */
  #place(cursor) {
    this.#cursor = cursor;
    this.#listener.cursor(cursor);
  }

  /** @param {import('./feed.js').Bye} bye */
  #bye(bye) {
    this.#retryAfterMs = bye.retryAfterMs;
    this.#listener.bye(bye);
  }

  /** Why the server will not have it; a close may follow, or not. @param {Problem} problem */
  async #refused(problem) {
    this.#leave();
    await this.#failed(this.#era, problem);
  }

  /** @param {number} code @param {string} [reason] The code of the problem, if it was the server that closed. */
  async #closed(code, reason = '') {
    this.#leave();
    const final = code < FIRST_TO_COME_BACK && !COME_BACK.has(code);
    const problem = { status: 400, title: `The server closed with ${code}`, code: reason };
    await this.#failed(this.#era, final ? problem : undefined);
  }

  /** @param {number} era @param {Problem | undefined} problem */
  async #failed(era, problem) {
    const curable = problem !== undefined && curedByToken(problem.code) && this.#options.tokens.renewable;
    if (isFinal(problem) && (!curable || this.#retriedToken)) {
      this.#options.start.release(this);
      this.#listener.state('refused', problem);
      return;
    }
    this.#listener.state('reconnecting');
    if (curable) await this.#options.tokens.invalidate(this.#token);
    this.#retriedToken = curable;
    const delay = this.#retryAfterMs ?? (curable ? 0 : retryDelay(this.#failures));
    this.#retryAfterMs = undefined;
    this.#failures += 1;
    await pause(delay);
    if (era === this.#era) await this.#connect(era);
  }

  /** A page sees no pings of the protocol: a connection that has fallen silent is asked, and given up if nobody answers. */
  #expectMore() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      this.#ask('ping');
      this.#watch = setTimeout(() => void this.#closed(1006), ANSWER_MS);
    }, QUIET_MS);
  }
}
