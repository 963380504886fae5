import type { ExplainedPush } from '#clarion/protocol';
import { isoTime } from '../iso-time.js';
import type { PushRecord, PushStore } from './push-store.js';

/** Says what was, or will be, pushed of a notification to somebody: for explanations. */
export class PushExplanations {
  readonly #store: Pick<PushStore, 'pushes' | 'dueAt'>;

  constructor(store: Pick<PushStore, 'pushes' | 'dueAt'>) {
    this.#store = store;
  }

  /** By device. Of one person all is decided at once: who has pushes waits for no decision. Precondition: it concerns this person. */
  async of(offset: number, user: string): Promise<ExplainedPush> {
    const [dueAt, pushes] = await Promise.all([this.#store.dueAt(offset), this.#store.pushes(offset, [user])]);
    if (pushes.length > 0 || dueAt === undefined) return { devices: pushes.map(explained) };
    return { due: { at: isoTime(dueAt) }, devices: [] };
  }
}

function explained({ device, state, at, attempts, reason, takenBackAt }: PushRecord): ExplainedPush['devices'][number] {
  return {
    device,
    state,
    at: isoTime(at),
    attempts,
    ...(reason !== null && { reason }),
    ...(takenBackAt !== null && { takenBackAt: isoTime(takenBackAt) }),
  };
}
