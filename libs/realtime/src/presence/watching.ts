import type { ClientCommand, PresenceList } from '#clarion/protocol';
import { Watches, type WatchContext, type WatchingSession } from './watches.js';

/** What the sessions of this process watch: of those that do. */
export class Watching {
  readonly #context: WatchContext;
  readonly #watches = new Map<WatchingSession, Watches>();

  constructor(context: WatchContext) {
    this.#context = context;
  }

  /** The contract of {@link Watches.carryOut}. Precondition: the session has not ended. */
  carryOut(session: WatchingSession, command: Extract<ClientCommand, { op: 'presence' }>): Promise<PresenceList> {
    let watches = this.#watches.get(session);
    if (watches === undefined) this.#watches.set(session, (watches = new Watches(this.#context, session)));
    return watches.carryOut(command);
  }

  /** Its link has room again. */
  writable(session: WatchingSession): void {
    this.#watches.get(session)?.writable();
  }

  /** It has other rights. */
  recheck(session: WatchingSession): void {
    this.#watches.get(session)?.recheck();
  }

  /** Idempotent. */
  end(session: WatchingSession): void {
    this.#watches.get(session)?.clear();
    this.#watches.delete(session);
  }
}
