import type { Access, Principal } from '#clarion/access';
import { DomainError, type Topic } from '#clarion/protocol';
import { senderOf } from '../notification-body.js';
import type { PeopleStore, StoredNotification } from './people-store.js';

/** Finds notifications for those who may change them, or see what became of them. */
export class ManagedNotifications {
  readonly #store: PeopleStore;
  readonly #access: Access;

  constructor(store: PeopleStore, access: Access) {
    this.#store = store;
    this.#access = access;
  }

  /**
   * For a service that may publish to all of its topics; for a person who still may, and who has published it.
   * @throws {DomainError} `notification.unknown`, also for those who may not know of it; `credentials.missing`.
   */
  async get(who: Principal, id: string): Promise<StoredNotification> {
    if (who.kind === 'anonymous') throw new DomainError('credentials.missing');
    const found = await this.#store.find(id);
    if (found === undefined || !this.#manages(who, found)) throw new DomainError('notification.unknown');
    return found;
  }

  #manages(who: Principal, { entry }: StoredNotification): boolean {
    if (who.kind === 'subscriber' && senderOf(entry.body) !== who.sub) return false;
    try {
      this.#access.assertPublish(who, entry.topics as readonly Topic[]);
      return true;
    } catch (error) {
      if (error instanceof DomainError) return false;
      throw error;
    }
  }
}
