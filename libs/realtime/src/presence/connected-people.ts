import type { Principal } from '#clarion/access';

/** How many connections each person has on this node: sessions, and polls that are being answered. */
export class ConnectedPeople {
  readonly #connections = new Map<string, number>();
  readonly #gone: (user: string) => void;

  /** @param gone told when somebody's last connection has ended. */
  constructor(gone: (user: string) => void) {
    this.#gone = gone;
  }

  arrived(who: Principal): void {
    if (who.kind === 'subscriber') this.#connections.set(who.sub, (this.#connections.get(who.sub) ?? 0) + 1);
  }

  /** Precondition: it had arrived. */
  departed(who: Principal): void {
    if (who.kind !== 'subscriber') return;
    const left = (this.#connections.get(who.sub) ?? 1) - 1;
    if (left > 0) return void this.#connections.set(who.sub, left);
    this.#connections.delete(who.sub);
    this.#gone(who.sub);
  }
}
