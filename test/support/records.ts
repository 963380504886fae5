/** What a publisher did and was told about one notification. */
export interface PublishRecord {
  /** Names the notification in its own `data`, so that whoever hears it can be held to it. Unique over a run. */
  readonly key: string;
  /** A publisher publishes one after another: its next begins when this one was answered. */
  readonly publisher: string;
  /** 1, 2, 3 … per publisher. */
  readonly serial: number;
  /** Addressed topics in the publisher's order, people as `users/<id>`. */
  readonly topics: readonly string[];
  /** When the first attempt began, on the clock of {@link performance.now}, which all records of a run share. */
  readonly startedAt: number;
  attempts: number;
  /** Null as long as no attempt was answered: the server may or may not have it. */
  acknowledged: { readonly id: string; readonly cursor: string; readonly at: number } | null;
}

/** What one client was told, in the order in which it was told. `at` is on the clock of {@link PublishRecord.startedAt}. */
export type Heard =
  | { readonly kind: 'opened'; readonly at: number }
  | { readonly kind: 'ready'; readonly at: number; readonly topics: readonly string[]; readonly cursor: string }
  | { readonly kind: 'subscribed'; readonly at: number; readonly topics: readonly string[]; readonly cursor: string }
  | {
      readonly kind: 'notification';
      readonly at: number;
      readonly key: string;
      readonly id: string;
      readonly cursor: string;
      readonly topic: string;
    }
  | { readonly kind: 'cursor'; readonly at: number; readonly cursor: string }
  | { readonly kind: 'gap'; readonly at: number; readonly reason: string; readonly cursor: string }
  | { readonly kind: 'bye'; readonly at: number; readonly reason: string };

export interface ClientRecord {
  readonly client: string;
  /** Selectors from the beginning, own topic as `users/<id>`. Later ones stand in `heard` as `subscribed`. */
  readonly selectors: readonly string[];
  /** `earliest`: all that is kept; `ready`: whatever began after the first `ready`. */
  readonly from: 'earliest' | 'ready';
  /** Whether this client brought a cursor that the server cannot honour, so that a `gap` is owed to it. */
  readonly gapExpected?: boolean;
  readonly heard: readonly Heard[];
}
