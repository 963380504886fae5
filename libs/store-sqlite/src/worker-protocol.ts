import { StoreError, type StoreFault } from './store-error.js';

/** What a worker can be asked: by name, one argument and one result, all structured-cloneable. */
export type Calls = Record<string, { readonly argument: unknown; readonly result: unknown }>;

/** What answers them, inside the worker. */
export type Handlers<C extends Calls> = { readonly [N in keyof C]: (argument: C[N]['argument']) => C[N]['result'] };

/** One call on its way to the worker. */
export interface CallMessage<C extends Calls, N extends keyof C> {
  readonly id: number;
  readonly name: N;
  readonly argument: C[N]['argument'];
}

/** An error as plain data: structured cloning would drop its class and fault. */
export interface WireError {
  readonly fault: StoreFault;
  readonly message: string;
  readonly stack: string | undefined;
}

/** The answer to the call with the same id. */
export type ReplyMessage =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly id: number; readonly ok: false; readonly error: WireError };

export function toWire(error: unknown): WireError {
  if (error instanceof StoreError) return { fault: error.fault, message: error.message, stack: error.stack };
  if (error instanceof Error) return { fault: 'failed', message: error.message, stack: error.stack };
  return { fault: 'failed', message: String(error), stack: undefined };
}

/** The error as the caller gets it; the worker's own stack is its cause. */
export function fromWire({ fault, message, stack }: WireError): StoreError {
  return new StoreError(fault, message, { cause: stack });
}
