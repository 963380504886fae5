import { io } from './socketio-client.js';

/** Messages of before that are shown at first. */
const HISTORY = 50;
/** How often "is typing" is said while somebody types, and how long it holds without being said again, in milliseconds. */
const TYPING_EVERY_MS = 2_000;
const TYPING_HOLDS_MS = 4_000;
/** How long an answer may take, in milliseconds. */
const ANSWER_MS = 10_000;

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
 * @property {(message: Message) => void} message In the server's order, which is the same for all.
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
  /** What came while the history was on its way. @type {Message[] | undefined} */
  #waiting;
  /** @type {Set<string>} */
  #present = new Set();
  /** Who types, and the timer after which they do not. @type {Map<string, ReturnType<typeof setTimeout>>} */
  #typing = new Map();
  /** @type {{ text: string, key: string } | undefined} */
  #unanswered;
  #saidTypingAt = Number.NEGATIVE_INFINITY;

  /** @param {() => Promise<Session>} join Asked at each connection, so that the token can be a new one. @param {RoomListener} listener */
  constructor(join, listener) {
    this.#join = join;
    this.#listener = listener;
  }

  /** @throws {Error} Nobody gave a token. */
  async enter() {
    this.#session = await this.#join();
    const socket = io(this.#session.url, {
      autoConnect: false,
      reconnectionDelayMax: 2_000,
      auth: (answer) => answer({ token: this.#session.token, topics: [this.#session.room] }),
    });
    this.#socket = socket;
    this.#hear(socket);
    // The server's own word was that this was final: its token was over. With a new one it goes on where it was.
    socket.on('disconnect', async (reason) => {
      this.#listener.connected(false);
      if (reason !== 'io server disconnect') return;
      this.#session = await this.#join();
      socket.connect();
    });
    socket.connect();
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
    socket.on('ready', () => void this.#begin());
    socket.on('notification', (/** @type {Message} */ event) => this.#take(event));
    socket.on('retracted', (/** @type {{ id: string }} */ { id }) => this.#listener.retracted(id));
    socket.on('presence', (/** @type {{ user: string, change: 'joined' | 'left' }} */ { user, change }) => {
      if (change === 'joined') this.#present.add(user);
      else this.#present.delete(user);
      this.#listener.present([...this.#present]);
    });
    socket.on('gap', () => void this.#readHistory());
  }

  /** At each connection: who is there the server tells this connection alone. */
  async #begin() {
    this.#listener.connected(true);
    const [presence] = await Promise.all([
      this.#ask('presence', { topic: this.#session.room, watch: true }),
      this.#readHistory(),
    ]);
    if (presence.error !== undefined) return;
    this.#present = new Set(presence.present.map((/** @type {{ user: string }} */ { user }) => user));
    this.#listener.present([...this.#present]);
  }

  /** It ends where this connection began or later: what came meanwhile follows on it, and nothing is shown twice. */
  async #readHistory() {
    this.#waiting ??= [];
    const { notifications, error } = await this.#ask('history', { topic: this.#session.room, limit: HISTORY });
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    if (error === undefined) {
      this.#listener.history(notifications.filter(isMessage).toReversed());
    }
    for (const message of waiting) this.#listener.message(message);
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
    if (this.#waiting === undefined) this.#listener.message(event);
    else this.#waiting.push(event);
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
