import type { Topic } from '#clarion/protocol';
import type { LogEvent, View } from './log-event.js';

/** Of the ephemeral events that a reader missed: the newest per collapse key, for a bounded number of keys. */
export class NewestByKey {
  readonly #maxKeys: number;
  #byKey: Map<string, View> | undefined;

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  /** Keeps the event if it has a key; the key that was silent for longest makes room. */
  keep(event: LogEvent, topic: Topic): void {
    if (event.collapseKey === undefined) return;
    const key = `${topic}\n${event.collapseKey}`;
    this.#byKey ??= new Map();
    this.#byKey.delete(key);
    this.#byKey.set(key, { event, topic });
    if (this.#byKey.size > this.#maxKeys) this.#byKey.delete(this.#byKey.keys().next().value!);
  }

  /** All that is kept, oldest first; forgotten here. */
  take(): Iterable<View> {
    const views = this.#byKey?.values() ?? [];
    this.#byKey = undefined;
    return views;
  }
}
