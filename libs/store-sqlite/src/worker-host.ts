import type { MessagePort } from 'node:worker_threads';
import { toWire, type CallMessage, type Calls, type Handlers, type ReplyMessage } from './worker-protocol.js';

/** Answers calls one at a time, in the order of their arrival. */
export function serveCalls<C extends Calls>(port: MessagePort, handlers: Handlers<C>): void {
  const answer = <N extends keyof C>({ id, name, argument }: CallMessage<C, N>): ReplyMessage => {
    try {
      return { id, ok: true, result: handlers[name](argument) };
    } catch (error) {
      return { id, ok: false, error: toWire(error) };
    }
  };
  port.on('message', (call: CallMessage<C, keyof C>) => port.postMessage(answer(call)));
}
