import { address, Refusal } from './api.js';
import { curedByToken, OTHER_KINDS } from './feed.js';
import { io } from './socketio-client.js';
import { frameBytes, watchTransfers } from './wire.js';

/** @typedef {import('./api.js').Problem} Problem */
/** @typedef {import('./feed.js').Notification} Notification */

/** Between the server's final word and the next try, in milliseconds: a server that refuses all is not asked in a circle. */
const RETURN_DELAY_MS = 500;
/** How long the answer to a command may take, in milliseconds. */
const ANSWER_MS = 10_000;

/**
 * The stock Socket.IO client, as anybody would use it. It comes back by itself after a cut, and brings the cursor of the last
 * event that it saw (its connection state recovery sends it as `auth.offset`); only what the server means to be final (a token
 * that expired, a refusal) is left to this class.
 */
export class SocketIoFeed {
  #options;
  #listener;
  #name;
  #socket;
  #token = '';
  /** Handshakes so far: an answer for an older one must not be sent on a newer connection. */
  #handshakes = 0;
  /** Whether the last refusal was already answered with a new token. */
  #retried = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #returning;
  /** Whether the person wants it connected. */
  #wanted = false;
  #stopMeasuring = () => {};

  /**
   * @param {import('./feed.js').FeedOptions} options The array of topics is read at each handshake.
   * @param {string} [name] Tells the requests of this feed from those of others.
   */
  constructor(options, name = 'pane') {
    this.#options = options;
    this.#listener = options.listener;
    this.#name = name;
    this.#socket = io(location.origin, {
      path: address('socket.io/').pathname,
      auth: (answer) => void this.#handshake(answer),
      query: { as: name },
      autoConnect: false,
      forceNew: true,
      reconnectionDelay: 250,
      reconnectionDelayMax: 2_000,
    });
    this.#hearEvents();
    this.#hearConnection();
  }

  /** Its own connection state recovery knows where to go on. */
  open() {
    this.#wanted = true;
    this.#listener.state('connecting');
    this.#stopMeasuring();
    this.#stopMeasuring = watchTransfers(
      (url) => this.#isPolling(url),
      (bytes) => {
        this.#listener.requested();
        this.#listener.received(bytes);
      },
    );
    this.#socket.connect();
  }

  close() {
    this.#wanted = false;
    clearTimeout(this.#returning);
    this.#stopMeasuring();
    this.#options.start.release(this);
    this.#socket.disconnect();
    this.#listener.state('closed');
  }

  /** Keeps a connection beyond the life of the token with which it began. @param {string} token */
  renew(token) {
    this.#token = token;
    if (this.#socket.connected) this.#socket.emit('auth', { token }, () => undefined);
  }

  /**
   * Begins, or ceases, to read topics on the connection of now; who comes back brings those of the options.
   * @param {'subscribe' | 'unsubscribe'} command @param {readonly string[]} topics
   * @returns {Promise<Problem | undefined>} Why the server will not.
   */
  async change(command, topics) {
    const { error } = await this.#socket.timeout(ANSWER_MS).emitWithAck(command, { topics });
    return error;
  }

  #hearEvents() {
    const socket = this.#socket;
    socket.on('ready', (/** @type {unknown} */ _ready, /** @type {string} */ cursor) => {
      this.#retried = false;
      this.#options.start.agree(cursor);
      this.#listener.cursor(cursor);
      this.#listener.state('live');
    });
    socket.on('notification', (/** @type {Notification} */ notification) => {
      this.#listener.notification(notification);
      if (notification.cursor !== undefined) this.#listener.cursor(notification.cursor);
    });
    socket.on('cursor', (/** @type {unknown} */ _moved, /** @type {string} */ cursor) => this.#listener.cursor(cursor));
    socket.on('gap', (/** @type {{ reason: string }} */ gap, /** @type {string} */ cursor) => {
      this.#listener.gap(gap.reason);
      this.#listener.cursor(cursor);
    });
    for (const kind of OTHER_KINDS)
      socket.on(kind, (/** @type {{ cursor?: string }} */ data) => this.#other(kind, data));
    socket.on('bye', (/** @type {import('./feed.js').Bye} */ bye) => this.#listener.bye(bye));
  }

  /** @param {import('./feed.js').OtherKind} kind @param {{ cursor?: string }} data */
  #other(kind, data) {
    this.#listener.other?.(kind, data);
    if (data.cursor !== undefined) this.#listener.cursor(data.cursor);
  }

  #hearConnection() {
    const socket = this.#socket;
    socket.io.on('open', () => this.#watchTransport());
    socket.on('disconnect', (reason) => {
      if (reason === 'io client disconnect') return;
      this.#listener.state('reconnecting');
      if (reason === 'io server disconnect') void this.#returnWithToken();
    });
    socket.on('connect_error', (/** @type {Error & { data?: Problem }} */ error) => {
      if (socket.active) this.#listener.state('reconnecting');
      else void this.#refused(error.data ?? { status: 0, title: error.message, code: 'unknown' });
    });
  }

  /** Polling first, then WebSocket: the client's own way. */
  #watchTransport() {
    const engine = this.#socket.io.engine;
    this.#listener.transport(engine.transport.name);
    engine.on('upgrading', (/** @type {import('./socketio-client.d.ts').Transport} */ transport) => {
      this.#listener.requested();
      transport.on('packet', ({ data }) => this.#listener.received(frameBytes(`0${data ?? ''}`)));
    });
    engine.on('upgrade', (/** @type {{ name: string }} */ transport) => this.#listener.transport(transport.name));
  }

  /** @param {(auth: object) => void} answer */
  async #handshake(answer) {
    const handshake = ++this.#handshakes;
    const engine = this.#socket.io.engine;
    try {
      await this.#options.start.settled(this);
      const token = await this.#options.tokens.current();
      if (handshake !== this.#handshakes || engine.readyState !== 'open') return;
      this.#token = token;
      const since = this.#options.start.cursor;
      answer({ token, topics: this.#options.topics, ...(since !== undefined && { since }) });
    } catch (failure) {
      if (handshake === this.#handshakes) this.#noToken(failure);
    }
  }

  /** Nobody answered: the connection is given up, and the client tries all of it again. @param {unknown} failure */
  #noToken(failure) {
    if (!(failure instanceof Refusal)) {
      this.#socket.io.engine.close();
      return;
    }
    this.#socket.disconnect();
    this.#refuse(failure.problem);
  }

  /** @param {Problem} problem */
  async #refused(problem) {
    const worthATry = curedByToken(problem.code) && this.#options.tokens.renewable && !this.#retried;
    if (!worthATry) {
      this.#refuse(problem);
      return;
    }
    this.#retried = true;
    await this.#returnWithToken();
  }

  /** @param {Problem} problem */
  #refuse(problem) {
    this.#options.start.release(this);
    this.#listener.state('refused', problem);
  }

  async #returnWithToken() {
    await this.#options.tokens.invalidate(this.#token);
    if (this.#wanted) this.#returning = setTimeout(() => this.#socket.connect(), RETURN_DELAY_MS);
  }

  /** The client's requests before its upgrade to WebSocket, and instead of it. @param {URL} url */
  #isPolling({ pathname, searchParams }) {
    const mine = pathname === address('socket.io/').pathname && searchParams.get('as') === this.#name;
    return mine && searchParams.get('transport') === 'polling';
  }
}
