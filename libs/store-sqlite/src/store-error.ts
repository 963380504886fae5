/**
 * What went wrong with the log, for operators and programs:
 * `in-use` another process has the file; `newer-schema` a later version wrote it; `foreign` it belongs to some other program;
 * `unreadable` it cannot be opened, or is damaged; `input` a value that the database cannot hold; `closed` the store was closed, or not
 * yet opened; `worker-died` a thread of the store ended, nothing works any more; `failed` SQLite refused (the disk is full, for one).
 */
export type StoreFault =
  'in-use' | 'newer-schema' | 'foreign' | 'unreadable' | 'input' | 'closed' | 'worker-died' | 'failed';

/** Every rejection of the store. Its message is made for operators: it names the file and what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';

  constructor(
    readonly fault: StoreFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Runs `work`; whatever goes wrong in it, but for what is explained already, is said to be the reason of `what`. */
export function explainFailure<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw new StoreError('failed', `${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
