import type { Principal } from '#clarion/access';
import type { Gateway, PollPage, PollWant, Realtime } from '#clarion/realtime';

/** Polls and long polls: each is one read of the log, and leaves nothing behind. */
export class PollingGateway implements Gateway {
  readonly name = 'polling';
  readonly #realtime: Realtime;
  readonly #answers = new Set<Promise<unknown>>();

  constructor(
    realtime: Realtime,
    /** Longest time that one poll may wait, seconds. */
    readonly maxWaitS: number,
  ) {
    this.#realtime = realtime;
  }

  /**
   * The answer as JSON text.
   * @param signal ends the waiting, when the client has gone.
   * @throws {DomainError} when the reader may not read that.
   */
  async answer(who: Principal, want: PollWant, signal: AbortSignal): Promise<string> {
    const answer = this.#realtime.read(who, want, signal);
    this.#answers.add(answer);
    try {
      return render(await answer);
    } finally {
      this.#answers.delete(answer);
    }
  }

  /** The server's draining has ended all waiting. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#answers);
  }
}

function render({ views, cursor, gap }: PollPage): string {
  const events = views.map(({ event, topic }) => `{"event":"${event.name}","data":${event.json(topic)}}`);
  const lost = gap === undefined ? '' : `,"gap":${JSON.stringify(gap)}`;
  return `{"events":[${events.join(',')}],"cursor":"${cursor}"${lost}}`;
}
