import type { SeenStore } from '#clarion/notifications';

/** When people were last seen, in memory. */
export class MemoryPeopleStore implements SeenStore {
  readonly times = new Map<string, number>();
  /** How many people each write had. */
  readonly writes: number[] = [];
  failing = false;

  async touch(people: readonly { readonly user: string; readonly at: number }[]): Promise<void> {
    this.writes.push(people.length);
    if (this.failing) throw new Error('the store is gone');
    for (const { user, at } of people) this.times.set(user, Math.max(at, this.times.get(user) ?? 0));
  }

  async lastSeen(user: string): Promise<number | undefined> {
    return this.times.get(user);
  }
}
