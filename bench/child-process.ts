import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { z } from 'zod';
import { answerSchema, type Answer } from './messages.js';

/**
 * Runs in a child process: answers each command with what `handle` resolves to (null for nothing), one after another, until the parent goes away.
 * What `handle` throws is told to the parent, and the process lives on.
 */
export function serveCommands<C>(commandSchema: z.ZodType<C>, handle: (command: C) => Promise<unknown>): void {
  process.on('message', (message) => void answer(message));
  process.on('disconnect', () => process.exit(0));

  async function answer(message: unknown): Promise<void> {
    process.send?.(await attempt(message));
  }

  async function attempt(message: unknown): Promise<Answer> {
    try {
      return { ok: true, value: (await handle(commandSchema.parse(message))) ?? null };
    } catch (error) {
      return { ok: false, error: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** The parent's end of a process that serves commands. */
export class CommandedProcess<C extends object> {
  readonly #child;
  readonly #name: string;

  /** @param name the compiled module beside this one, without `.js`. */
  constructor(name: string) {
    this.#name = name;
    this.#child = fork(join(import.meta.dirname, `${name}.js`), { execArgv: [], env: { PATH: process.env['PATH'] } });
  }

  /**
   * Sends a command and resolves with its answer. Precondition: the one before has been answered.
   * @throws {Error} with what the child threw, or when it has exited.
   */
  async call<T>(command: C, resultSchema: z.ZodType<T>): Promise<T> {
    const settled = new AbortController();
    try {
      const answered = once(this.#child, 'message', { signal: settled.signal });
      const exited = once(this.#child, 'exit', { signal: settled.signal }).then(([code, signal]) => {
        throw new Error(`the ${this.#name} ended by itself (${code ?? signal})`);
      });
      this.#child.send(command);
      const [message] = await Promise.race([answered, exited]);
      const answer = answerSchema.parse(message);
      if (!answer.ok) throw new Error(`${this.#name}: ${answer.error}`);
      return resultSchema.parse(answer.value);
    } finally {
      settled.abort();
    }
  }

  /** Ends the process and waits until it is gone. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }
}
