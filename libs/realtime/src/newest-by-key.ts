import type { Topic } from '#clarion/protocol';
import type { Interest } from './interest.js';
import type { LogEvent, View } from './log-event.js';

/** Of the ephemeral events that a reader missed: the newest per collapse key, for a bounded number of keys. */
export class NewestByKey {
  readonly #maxKeys: number;
  #byKey: Map<string, LogEvent> | undefined;

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  /** Keeps the event if it has a key; the key that was silent for longest makes room. */
  keep(event: LogEvent, topic: Topic): void {
    if (event.collapseKey === undefined) return;
    const key = `${topic}\n${event.name}\n${event.collapseKey}`;
    this.#byKey ??= new Map();
    this.#byKey.delete(key);
    this.#byKey.set(key, event);
    if (this.#byKey.size > this.#maxKeys) this.#byKey.delete(this.#byKey.keys().next().value!);
  }

  /** All that is kept, oldest first, as far as the reader may see it now; forgotten here. */
  take(interest: Interest): View[] {
    const events = [...(this.#byKey?.values() ?? [])];
    this.#byKey = undefined;
    return events.flatMap((event) => {
      const topic = interest.view(event);
      return topic === undefined ? [] : [{ event, topic }];
    });
  }
}
