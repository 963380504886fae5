import { request as plainRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Deadline } from './deadline.js';
import { codeOf, ForbiddenAddress, outcomeOf, type EgressOutcome } from './outcome.js';

export interface ExchangeOptions {
  readonly secure: boolean;
  readonly request: RequestOptions;
  readonly body: Buffer | undefined;
  readonly maxBodyBytes: number;
  readonly mayConnect: (address: string) => boolean;
}

/** `stale`: the connection was an idle one that the other side was closing just then, and nothing was answered. */
export type Exchanged = EgressOutcome & { readonly stale?: boolean };

/** One request and the answer to it, read until its end, its bound or the deadline. Never rejects. */
export function exchange(options: ExchangeOptions, deadline: Deadline): Promise<Exchanged> {
  return new Promise((resolve) => {
    const request = (options.secure ? secureRequest : plainRequest)(options.request);
    let isAnswered = false;
    const cut = (): void => {
      end({ outcome: 'failed', reason: deadline.reason });
      request.destroy();
    };
    const fail = (outcome: Exchanged): void => {
      if (!isAnswered) end(outcome);
    };
    const end = (outcome: Exchanged): void => {
      deadline.signal.removeEventListener('abort', cut);
      resolve(outcome);
    };
    deadline.signal.addEventListener('abort', cut, { once: true });
    request.on('socket', (socket) => watchPeer(socket, options.mayConnect));
    request.on('error', (error) => fail({ ...outcomeOf(error), stale: isStale(request, error) }));
    // Without an error, too: after a change of protocols that nobody has asked for, say.
    request.on('close', () => fail({ outcome: 'failed', reason: 'connection_broken' }));
    request.on('response', (response) => {
      isAnswered = true;
      deadline.signal.removeEventListener('abort', cut);
      void answer(request, response, options.maxBodyBytes, deadline).then(end);
    });
    request.end(options.body);
  });
}

/** What was looked up is what is connected to; this holds even if that were not so. Before TLS, or anything, is said. */
function watchPeer(socket: Socket, mayConnect: (address: string) => boolean): void {
  const check = (): void => {
    if (!mayConnect(socket.remoteAddress ?? '')) socket.destroy(new ForbiddenAddress());
  };
  if (socket.connecting) socket.prependOnceListener('connect', check);
  else check();
}

/** The head of the answer decides: a body that is too long, too slow or broken is read as far as it goes. */
function answer(
  request: ClientRequest,
  response: IncomingMessage,
  maxBytes: number,
  deadline: Deadline,
): Promise<EgressOutcome> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve) => {
    const end = (truncated: boolean): void => {
      deadline.signal.removeEventListener('abort', cut);
      if (truncated) request.destroy();
      const body = Buffer.concat(chunks).subarray(0, maxBytes);
      resolve({ outcome: 'answered', status: response.statusCode ?? 0, headers: response.headers, body, truncated });
    };
    const cut = (): void => end(true);
    if (deadline.signal.aborted) return cut();
    deadline.signal.addEventListener('abort', cut, { once: true });
    response.on('data', (chunk: Buffer) => {
      if (bytes > maxBytes) return;
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > maxBytes) end(true);
    });
    response.on('end', () => end(!response.complete));
    response.on('error', cut);
    response.on('close', cut);
  });
}

/** Connections that wait for the next request are closed by either side when they have waited long enough; the two may cross. */
function isStale(request: ClientRequest, error: Error): boolean {
  return request.reusedSocket && (codeOf(error) === 'ECONNRESET' || codeOf(error) === 'EPIPE');
}
