import type { IncomingHttpHeaders } from 'node:http';
import { DomainError } from '#clarion/protocol';
import type { PollingGateway } from './polling.gateway.js';
import type { SseGateway } from './sse.gateway.js';

/** The manners in which `/v1/events` can be read here; each is switched on by its own module. */
export class Manners {
  sse: SseGateway | undefined;
  polling: PollingGateway | undefined;
}

const JSON_RANGES = new Set(['application/json', 'application/*', '*/*']);

/**
 * Which manner a request asks for. An event stream must be named: `*` means a poll.
 * @throws {DomainError} `transport.unavailable` when it accepts neither, or what it accepts is switched off.
 */
export function negotiate({ sse, polling }: Manners, headers: IncomingHttpHeaders): SseGateway | PollingGateway {
  const ranges = (headers.accept ?? '*/*').split(',').map((range) => range.split(';', 1)[0]!.trim().toLowerCase());
  const streams = ranges.includes('text/event-stream');
  const chosen = streams ? sse : ranges.some((range) => JSON_RANGES.has(range)) ? polling : undefined;
  if (chosen === undefined)
    throw new DomainError('transport.unavailable', streams ? 'no event streams here' : 'no such polling here');
  return chosen;
}

/** `wait=<seconds>` of a `Prefer` header (RFC 7240 §4.3); undefined when it has none. */
export function preferredWait(prefer: string | string[] | undefined): string | undefined {
  const header = Array.isArray(prefer) ? prefer.join(',') : (prefer ?? '');
  return /(?:^|[,;])\s*wait\s*=\s*"?(\d+)"?\s*(?:$|[,;])/i.exec(header)?.[1];
}
