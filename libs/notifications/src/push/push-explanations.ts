import { isoTime } from '../iso-time.js';
import type { PushState, PushStore } from './push-store.js';

/** What became, or will become, of pushing one notification to one person. Times are ISO 8601. */
export interface PushExplanation {
  /** It is not decided yet, and will be then. */
  readonly due?: { readonly at: string };
  /** By device; those to which it was not to be pushed are not there. */
  readonly devices: readonly {
    readonly device: string;
    readonly state: PushState;
    readonly at: string;
    readonly attempts: number;
    readonly reason?: string;
    readonly takenBackAt?: string;
  }[];
}

export class PushExplanations {
  readonly #store: Pick<PushStore, 'dueAt' | 'pushes'>;

  constructor(store: Pick<PushStore, 'dueAt' | 'pushes'>) {
    this.#store = store;
  }

  async of(offset: number, user: string): Promise<PushExplanation> {
    const [dueAt, pushes] = await Promise.all([this.#store.dueAt(offset), this.#store.pushes(offset, [user])]);
    return {
      ...(dueAt !== undefined && { due: { at: isoTime(dueAt) } }),
      devices: pushes.map(({ device, state, at, attempts, reason, takenBackAt }) => ({
        device,
        state,
        at: isoTime(at),
        attempts,
        ...(reason !== null && { reason }),
        ...(takenBackAt !== null && { takenBackAt: isoTime(takenBackAt) }),
      })),
    };
  }
}
