import { io } from './socketio-client.js';

/** Messages of before that are shown at first. */
const HISTORY = 50;
/** How often "is typing" is said while somebody types, and how long it holds without being said again, in milliseconds. */
const TYPING_EVERY_MS = 2_000;
const TYPING_HOLDS_MS = 4_000;
/** How long an answer may take, in milliseconds. */
const ANSWER_MS = 10_000;
/** How long it waits at most before it joins anew: at first, and, twice as long each time, at last. In milliseconds. */
const REJOIN_MS = 500;
const REJOIN_MAX_MS = 10_000;

const MESSAGE = 'chat.message';
const TYPING = 'chat.typing';
const UNANSWERED = 'unanswered';

/**
 * @typedef {{ token: string, url: string, room: string }} Session
 * @typedef {{ code: string, title: string }} Problem
 *
 * @typedef {object} Message As the server sends it; `from` is the server's word, all else the writer's.
 * @property {string} id
 * @property {string} [cursor]
 * @property {string} [type]
 * @property {string} [body]
 * @property {unknown} [data]
 * @property {{ user: string }} [from]
 * @property {string} publishedAt
 *
 * @typedef {object} RoomListener
 * @property {(connected: boolean) => void} connected
 * @property {(messages: readonly Message[]) => void} history All that is shown is replaced by these, oldest first.
 * @property {(message: Message) => void} message In the server's order, which is the same for all; maybe one of the history.
 * @property {(message: Message) => void} updated Its newest form.
 * @property {(id: string) => void} retracted
 * @property {(users: readonly string[]) => void} present
 * @property {(users: readonly string[]) => void} typing
 */

/** One room on one connection, which comes back by itself and brings what was missed. */
export class Room {
  #listener;
  /** Of now; another one when its token is over. @type {Session} */
  #session = { token: '', url: '', room: '' };
  /** @type {import('socket.io-client').Socket | undefined} */
  #socket;
  #join;
  #left = false;
  /** Tried since it was connected. */
  #rejoins = 0;
  #hasHistory = false;
  /** What came while the history was on its way. @type {(() => void)[] | undefined} */
  #waiting;
  /** @type {Set<string>} */
  #present = new Set();
  /** Who types, and the timer after which they do not. @type {Map<string, ReturnType<typeof setTimeout>>} */
  #typing = new Map();
  /** @type {{ text: string, key: string } | undefined} */
  #unanswered;
  #saidTypingAt = Number.NEGATIVE_INFINITY;

  /** @param {() => Promise<Session>} join Asked at first, and again whenever the token is over. @param {RoomListener} listener */
  constructor(join, listener) {
    this.#join = join;
    this.#listener = listener;
  }

  /** @throws {Error} Nobody gave a token. */
  async enter() {
    this.#session = await this.#join();
    if (this.#left) return;
    const socket = io(this.#session.url, {
      autoConnect: false,
      reconnectionDelayMax: 2_000,
      auth: (answer) => answer({ token: this.#session.token, topics: [this.#session.room] }),
    });
    this.#socket = socket;
    this.#hear(socket);
    socket.connect();
  }

  /** For good. */
  leave() {
    this.#left = true;
    this.#socket?.disconnect();
  }

  /** @param {string} text @returns {Promise<Problem | undefined>} Why it was not sent. */
  async say(text) {
    this.#saidTypingAt = Number.NEGATIVE_INFINITY;
    // Whether it was published is unknown while nobody has answered: the same text with the same key is the same message.
    if (this.#unanswered?.text !== text) this.#unanswered = { text, key: crypto.randomUUID() };
    const idempotencyKey = this.#unanswered.key;
    const { error } = await this.#ask('publish', {
      topic: this.#session.room,
      type: MESSAGE,
      body: text,
      idempotencyKey,
    });
    if (error?.code !== UNANSWERED) this.#unanswered = undefined;
    return error;
  }

  /** @param {string} user Oneself: of each writer a slow reader gets the newest alone. @param {boolean} still */
  async isTyping(user, still) {
    const now = performance.now();
    if (still && now - this.#saidTypingAt < TYPING_EVERY_MS) return;
    this.#saidTypingAt = still ? now : Number.NEGATIVE_INFINITY;
    const ephemeral = { topic: this.#session.room, type: TYPING, ephemeral: true, collapseKey: `typing ${user}` };
    await this.#ask('publish', { ...ephemeral, data: { typing: still } });
  }

  /** Takes one's own message back. @param {string} id */
  async retract(id) {
    const { url, token } = this.#session;
    await fetch(`${url}/v1/notifications/${encodeURIComponent(id)}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
    });
  }

  /** @param {import('socket.io-client').Socket} socket */
  #hear(socket) {
    // These two are final where the server itself said so: the token is over. All else the client tries again by itself.
    socket.on('disconnect', (reason) => {
      this.#listener.connected(false);
      if (reason === 'io server disconnect') void this.#rejoin();
    });
    socket.on('connect_error', () => {
      if (!socket.active) void this.#rejoin();
    });
    socket.on('ready', () => void this.#begin());
    socket.on('notification', (/** @type {Message} */ event) => this.#take(event));
    socket.on('updated', (/** @type {Message} */ event) => this.#inTurn(() => this.#listener.updated(event)));
    socket.on('retracted', (/** @type {Message} */ { id }) => this.#inTurn(() => this.#listener.retracted(id)));
    socket.on('gap', () => this.#inTurn(() => this.#startOver()));
    socket.on('presence', (/** @type {{ user: string, change: 'joined' | 'left' }} */ { user, change }) => {
      if (change === 'joined') this.#present.add(user);
      else this.#present.delete(user);
      this.#listener.present([...this.#present]);
    });
  }

  /** With a new token it goes on where it was. Whoever gives one may be away, too. @returns {Promise<void>} */
  async #rejoin() {
    const mostMs = Math.min(REJOIN_MS * 2 ** this.#rejoins, REJOIN_MAX_MS);
    this.#rejoins += 1;
    await new Promise((resolve) => setTimeout(resolve, mostMs * Math.random()));
    if (this.#left) return;
    try {
      this.#session = await this.#join();
    } catch {
      return this.#rejoin();
    }
    if (!this.#left) this.#socket?.connect();
  }

  /** At each connection: who is there the server tells this connection alone. */
  async #begin() {
    this.#rejoins = 0;
    this.#listener.connected(true);
    if (!this.#hasHistory) void this.#readHistory();
    const presence = await this.#ask('presence', { topic: this.#session.room, watch: true });
    if (presence.error !== undefined) return;
    this.#present = new Set(presence.present.map((/** @type {{ user: string }} */ { user }) => user));
    this.#listener.present([...this.#present]);
  }

  /** Once: whoever comes back gets what was missed by itself. It ends where this connection began or later, and what came meanwhile follows. */
  async #readHistory() {
    this.#waiting = [];
    const { notifications, error } = await this.#ask('history', { topic: this.#session.room, limit: HISTORY });
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (error === undefined) {
      this.#hasHistory = true;
      this.#listener.history(notifications.filter(isMessage).toReversed());
    }
    for (const show of waiting) show();
  }

  /** What was missed is lost in part: all that the server still has follows, from the oldest. */
  #startOver() {
    this.#hasHistory = true;
    this.#listener.history([]);
  }

  /** @param {() => void} show */
  #inTurn(show) {
    if (this.#waiting === undefined) show();
    else this.#waiting.push(show);
  }

  /** @param {Message} event */
  #take(event) {
    const user = event.from?.user;
    if (event.type === TYPING) {
      if (user !== undefined) this.#setTyping(user, saysTyping(event.data));
      return;
    }
    if (!isMessage(event)) return;
    if (user !== undefined) this.#setTyping(user, false);
    this.#inTurn(() => this.#listener.message(event));
  }

  /** @param {string} user @param {boolean} types */
  #setTyping(user, types) {
    clearTimeout(this.#typing.get(user));
    this.#typing.delete(user);
    if (types) {
      const over = setTimeout(() => this.#setTyping(user, false), TYPING_HOLDS_MS);
      this.#typing.set(user, over);
    }
    this.#listener.typing([...this.#typing.keys()]);
  }

  /** A command with its answer. @param {string} command @param {object} body @returns {Promise<any>} */
  async #ask(command, body) {
    try {
      return await this.#socket?.timeout(ANSWER_MS).emitWithAck(command, body);
    } catch {
      return { error: { code: UNANSWERED, title: 'Nobody answers' } };
    }
  }
}

/** @param {Message} event */
function isMessage({ type, body, from }) {
  return type === MESSAGE && body !== undefined && from !== undefined;
}

/** @param {unknown} data Whatever a client sent. */
function saysTyping(data) {
  return typeof data === 'object' && data !== null && 'typing' in data && data.typing === true;
}
