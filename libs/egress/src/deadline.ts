/** The end of a request, by the clock or by its caller, whichever comes first. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #caller: AbortSignal | undefined;
  readonly #abort = (): void => this.#end('aborted');
  #reason: 'timeout' | 'aborted' = 'timeout';

  constructor(timeoutMs: number, caller: AbortSignal | undefined) {
    this.#timer = setTimeout(() => this.#end('timeout'), timeoutMs);
    this.#caller = caller;
    caller?.addEventListener('abort', this.#abort, { once: true });
    if (caller?.aborted === true) this.#abort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Once it has come. */
  get reason(): 'timeout' | 'aborted' {
    return this.#reason;
  }

  /** It is needed no more. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener('abort', this.#abort);
  }

  #end(reason: 'timeout' | 'aborted'): void {
    if (this.signal.aborted) return;
    this.#reason = reason;
    this.#controller.abort();
  }
}
