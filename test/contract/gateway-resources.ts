import { createHook } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Node tells of the end of these at once, also of those that do not keep the process alive. */
const WATCHED = new Set(['Timeout', 'TCPWRAP', 'TCPSERVERWRAP', 'PIPEWRAP']);
/** Of these Node tells when they no longer keep the process alive. */
const COUNTED = new Set(['MessagePort', 'TCPServerWrap', 'TCPSocketWrap']);
/** Begun by the server, not by clients or the test. */
const OF_THE_SERVER = /\/(?:dist\/(?:src|libs)|node_modules\/(?:fastify|socket\.io|engine\.io|@nestjs\/[^/]+))\//;
/** Node's own timers, which end by themselves and keep nothing alive: the clock of all `Date` headers, and weak deadlines. */
const OF_NODE = /node:internal\/(?:http|abort_controller):/;
const STACK_FRAMES = 40;

/** Timers and handles that the server made since a moment and has not let go. */
export class ResourceWatch {
  readonly #alive = new Map<number, string>();
  readonly #counted = countedNow();
  readonly #hook = createHook({
    init: (id, type) => {
      if (!WATCHED.has(type)) return;
      const stack = stackOfNow();
      if (OF_THE_SERVER.test(stack) && !OF_NODE.test(stack)) this.#alive.set(id, `${type} made by${stack}`);
    },
    destroy: (id) => this.#alive.delete(id),
  });

  constructor() {
    this.#hook.enable();
  }

  /** What is alive, each with the place where it was made. */
  get left(): string[] {
    return [...this.#alive.values()];
  }

  /** Whether there are more ports of threads and sockets, of the test's clients too, than there were. */
  get hasGrown(): boolean {
    return countedNow() > this.#counted;
  }

  stop(): void {
    this.#hook.disable();
  }
}

function countedNow(): number {
  return process.getActiveResourcesInfo().filter((type) => COUNTED.has(type)).length;
}

function stackOfNow(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = STACK_FRAMES;
  const { stack = '' } = new Error('here');
  Error.stackTraceLimit = stackTraceLimit;
  return stack.slice(stack.indexOf('\n'));
}

/** Bytes that objects and buffers of this thread take after everything unreachable was collected. */
export async function liveBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('this Node cannot be told to collect');
  for (let round = 0; round < 2; round++) {
    collect();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
