import { Arrivals } from './arrivals.js';
import { chosenPanes, keepChosenPanes } from './choice.js';
import { Judge } from './judge.js';
import { Reader } from './reader.js';
import { matchesAny } from './selectors.js';
import { StartingPlace } from './starting-place.js';
import { Tokens } from './tokens.js';
import { TRANSPORTS } from './transports.js';
import { inWords, showVerdict } from './verdict.js';

/** All readers that are on, which began at one place and must come out the same. */
export class Desk {
  /** @type {readonly string[]} */
  #topics = [];
  /** @type {Tokens | undefined} */
  #tokens;
  #judge = new Judge();
  #arrivals = new Arrivals();
  #place = new StartingPlace();
  #verdictDue = false;
  #readers = TRANSPORTS.map((transport, number) => new Reader(transport, this.#hear(number)));

  constructor() {
    const chosen = chosenPanes();
    for (const reader of this.#readers) {
      const { key, shown } = reader.transport;
      reader.setOn(chosen?.includes(key) ?? shown);
    }
  }

  /**
   * Begins all sessions afresh, at one place.
   * @param {string} credential @param {string} person @param {readonly string[]} topics @param {boolean} fromEarliest
   */
  start(credential, person, topics, fromEarliest) {
    this.stop();
    this.#topics = topics;
    this.#judge = new Judge();
    this.#arrivals = new Arrivals();
    this.#place = new StartingPlace(fromEarliest ? 'earliest' : undefined);
    this.#tokens = new Tokens(credential, person, topics, (token) => {
      for (const reader of this.#on) reader.renew(token);
    });
    for (const reader of this.#on) this.#enter(reader);
    this.#pronounce();
  }

  stop() {
    for (const reader of this.#readers) reader.stop();
    this.#tokens?.close();
    this.#tokens = undefined;
  }

  /**
   * What is published from now on must reach all panes, if the place where they begin is fixed already.
   * @returns {(id: string, draft: { topic: string }) => void}
   */
  expectation() {
    const judge = this.#judge;
    const topics = this.#topics;
    const begun = this.#place.cursor !== undefined;
    return (id, { topic }) => {
      if (begun && matchesAny(topics, topic)) judge.acknowledged(id);
      this.#pronounce();
    };
  }

  /** In one sentence or two; empty while nobody listens. */
  summary() {
    if (this.#tokens === undefined) return '';
    const { text } = inWords(this.#judge.verdict(), nameOf, this.#allLive);
    return `${this.#on.map((reader) => reader.summary).join('; ')}. ${text}.`;
  }

  get #on() {
    return this.#readers.filter((reader) => reader.on);
  }

  get #allLive() {
    return this.#on.every((reader) => reader.isLive);
  }

  /** @param {Reader} reader */
  #enter(reader) {
    if (this.#tokens === undefined) return;
    this.#judge.enter(this.#readers.indexOf(reader));
    reader.start({ tokens: this.#tokens, topics: this.#topics, start: this.#place });
  }

  /** @param {number} number @param {boolean} on */
  #switch(number, on) {
    const reader = this.#readers[number];
    if (reader === undefined) return;
    reader.stop();
    this.#judge.leave(number);
    reader.setOn(on);
    if (on) this.#enter(reader);
    keepChosenPanes(this.#on.map(({ transport }) => transport.key));
    this.#pronounce();
  }

  /** @param {number} number @returns {import('./reader.js').ReaderListener} */
  #hear(number) {
    return {
      switched: (on) => this.#switch(number, on),
      changed: () => this.#pronounce(),
      shown: ({ id, ephemeral, expiresAt }) => {
        // What expires is not delivered afterwards: who comes late rightly lacks it.
        if (!ephemeral && expiresAt === undefined) this.#judge.shown(number, id);
        this.#pronounce();
        return this.#arrivals.next(id);
      },
      retracted: (id) => {
        this.#judge.withdrawn(id);
        this.#pronounce();
      },
      gap: (reason) => {
        this.#judge.giveUp(`The server announced a gap to ${nameOf(number)} (${reason}).`);
        this.#pronounce();
      },
    };
  }

  /** Once per task, however many notifications it brought. */
  #pronounce() {
    if (this.#verdictDue) return;
    this.#verdictDue = true;
    queueMicrotask(() => {
      this.#verdictDue = false;
      showVerdict(this.#judge.verdict(), nameOf, this.#allLive);
    });
  }
}

/** @param {number} number */
function nameOf(number) {
  return TRANSPORTS[number]?.name ?? '';
}
