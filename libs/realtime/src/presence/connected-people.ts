import type { Principal } from '#clarion/access';

/** How many connections each person has on this node: sessions, and polls that are being answered. */
export class ConnectedPeople {
  readonly #connections = new Map<string, number>();
  readonly #seen: (user: string) => void;

  /** @param seen told when somebody's first connection has begun, and when the last has ended: in a crash nothing ends. */
  constructor(seen: (user: string) => void) {
    this.#seen = seen;
  }

  arrived(who: Principal): void {
    if (who.kind !== 'subscriber') return;
    const before = this.#connections.get(who.sub) ?? 0;
    this.#connections.set(who.sub, before + 1);
    if (before === 0) this.#seen(who.sub);
  }

  /** Precondition: it had arrived. */
  departed(who: Principal): void {
    if (who.kind !== 'subscriber') return;
    const left = (this.#connections.get(who.sub) ?? 1) - 1;
    if (left > 0) return void this.#connections.set(who.sub, left);
    this.#connections.delete(who.sub);
    this.#seen(who.sub);
  }
}
