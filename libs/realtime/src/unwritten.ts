import type { Topic } from '#clarion/protocol';
import type { Interest } from './interest.js';
import type { LogEvent } from './log-event.js';
import { NewestByKey } from './newest-by-key.js';
import type { Outlet, Run } from './outlet.js';

const SUMMARY = 'summary';

/** What one live session was offered and has not written; and of the ephemeral events that its link had no room for the newest. */
export class Unwritten<F> {
  readonly outlet: Outlet<F>;
  readonly #maxKeys: number;
  #run: Run<F> | undefined;
  #bytes = 0;
  #newest = 0;
  #missed: NewestByKey | undefined;
  #hasSummary = false;
  #lacksSummary = false;

  /** @param maxKeys keys of ephemeral events of which the newest is kept. */
  constructor(outlet: Outlet<F>, maxKeys: number) {
    this.outlet = outlet;
    this.#maxKeys = maxKeys;
  }

  get isEmpty(): boolean {
    return this.#run === undefined;
  }

  /** Bytes of the events that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The offset of the last durable event that waits; 0: there is none. */
  get newest(): number {
    return this.#newest;
  }

  /** Whether one of the events has expired while it waited. */
  get isOver(): boolean {
    const expiresAt = this.#run?.expiresAt;
    return expiresAt !== undefined && expiresAt <= Date.now();
  }

  /** Whether one of the events tells that another was edited or taken back. */
  get hasAmendments(): boolean {
    return this.#run?.hasAmendments === true;
  }

  add(event: LogEvent, topic: Topic): void {
    this.#run = (this.#run ?? this.outlet.root).plus(event, topic);
    this.#bytes += event.bytes;
    if (event.name === SUMMARY) this.#hasSummary = true;
    if (event.offset !== undefined) this.#newest = event.offset;
  }

  /** All that waits, which it does no longer. */
  take(): Run<F> | undefined {
    const run = this.#run;
    this.#hasSummary = false;
    this.forget();
    return run;
  }

  /** Lets go of what waits; of ephemeral events that were missed it does not. */
  forget(): void {
    this.#lacksSummary ||= this.#hasSummary;
    this.#hasSummary = false;
    this.#run = undefined;
    this.#bytes = 0;
    this.#newest = 0;
  }

  /** There is no room for an ephemeral event. A summary is not kept: what comes before it now it would not count. */
  miss(event: LogEvent, topic: Topic): void {
    if (event.name === SUMMARY) this.#lacksSummary = true;
    else (this.#missed ??= new NewestByKey(this.#maxKeys)).keep(event, topic);
  }

  /** Whether there was a summary that will not be written; not any more. */
  takeLack(): boolean {
    const lacks = this.#lacksSummary;
    this.#lacksSummary = false;
    return lacks;
  }

  /** There is room again: what was missed waits to be written, as far as it may be seen now. @returns whether there was any. */
  recover(interest: Interest): boolean {
    const views = this.#missed?.take(interest) ?? [];
    this.#missed = undefined;
    for (const { event, topic } of views) this.add(event, topic);
    return views.length > 0;
  }
}
