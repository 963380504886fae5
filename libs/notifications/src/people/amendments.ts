import type { Limits, Principal } from '#clarion/access';
import { DomainError, type Cursor, type Edit } from '#clarion/protocol';
import type { NotificationLog } from '../notification-log.js';
import type { LogAct } from './acts.js';
import type { ManagedNotifications } from './managed.js';

/** Where clients hear of it. */
export interface Amended {
  readonly id: string;
  /** Absent: it had been taken back already. */
  readonly cursor?: Cursor;
}

/** Changes what was published, where it stands and for those who have it: whoever resumes from before never sees the old form. */
export class Amendments {
  readonly #log: NotificationLog;
  readonly #managed: ManagedNotifications;
  readonly #limits: Pick<Limits, 'takePublish'>;

  constructor(log: NotificationLog, managed: ManagedNotifications, limits: Pick<Limits, 'takePublish'>) {
    this.#log = log;
    this.#managed = managed;
    this.#limits = limits;
  }

  /**
   * Marks stay as they are: what was unread is unread once.
   * @throws {DomainError} `notification.unknown`, `notification.over`; `body.invalid` when it would say nothing; `rate.limited`, `overloaded`.
   */
  edit(who: Principal, id: string, edit: Edit): Promise<Amended> {
    return this.#amend(who, id, { kind: 'edit', notification: id, edit, at: Date.now() });
  }

  /** Once more changes nothing. @throws {DomainError} `notification.unknown`, `notification.over` when it has expired; as {@link edit}. */
  retract(who: Principal, id: string): Promise<Amended> {
    return this.#amend(who, id, { kind: 'retract', notification: id, at: Date.now() });
  }

  async #amend(who: Principal, id: string, act: LogAct): Promise<Amended> {
    if (who.kind === 'anonymous') throw new DomainError('credentials.missing');
    this.#limits.takePublish(who);
    await this.#managed.get(who, id);
    const { entry } = await this.#log.act(act);
    return { id, ...(entry !== null && { cursor: this.#log.cursorAt(entry.offset) }) };
  }
}
