import { Duplex } from 'node:stream';
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access, isEncrypted, Limits, ownCookie, protectiveHeaders, type Principal } from '#clarion/access';
import { ApiHeader, ApiOperation, ApiProduces, ApiQuery, ApiTags } from '#clarion/api-docs';
import { DomainError, eventsQuerySchema, parseWantedQuery, toInputErrors } from '#clarion/protocol';
import type { PollWant, Want } from '#clarion/realtime';
import { Manners, negotiate, preferredWait } from './manners.js';
import type { PollingGateway } from './polling.gateway.js';
import { SseGateway } from './sse.gateway.js';

const VARY = 'Accept, Prefer, Origin';

/** `GET /v1/events`: one resource, read in the manner that the client asks for. */
@ApiTags('events')
@Controller('v1/events')
export class EventsController {
  readonly #access: Access;
  readonly #limits: Limits;
  readonly #manners: Manners;

  constructor(@Inject(Access) access: Access, @Inject(Limits) limits: Limits, @Inject(Manners) manners: Manners) {
    this.#access = access;
    this.#limits = limits;
    this.#manners = manners;
  }

  @Get()
  @ApiOperation({
    summary: 'Read events: as a stream, by long polls, or by polls',
    description:
      '`Accept: text/event-stream` streams; else `Prefer: wait=<seconds>` (or `wait`) answers at the first event or after that time; else at once. The events are those of the AsyncAPI document.',
  })
  @ApiProduces('text/event-stream', 'application/json')
  @ApiQuery({ name: 'topics', required: false, description: 'Comma list of selectors; absent: `users/me`.' })
  @ApiQuery({ name: 'since', required: false, description: 'A cursor, or `earliest`; absent: from now on.' })
  @ApiQuery({ name: 'access_token', required: false, description: 'A subscriber token, where no header can be set.' })
  @ApiQuery({ name: 'priority', required: false, enum: ['low', 'normal'] })
  @ApiQuery({ name: 'device', required: false, description: 'The client’s own name of its device.' })
  @ApiQuery({ name: 'limit', required: false, description: 'Polls: events in one answer, 1–1,000 (100).' })
  @ApiQuery({ name: 'wait', required: false, description: 'Polls: seconds to wait for the first event.' })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'The last cursor seen; wins over `since`.' })
  @ApiHeader({ name: 'Prefer', required: false, description: '`wait=<seconds>` (RFC 7240).' })
  async read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (request.method !== 'GET') throw new DomainError('method.unsupported');
    const manner = negotiate(this.#manners, request.headers);
    const query = new URLSearchParams((request.raw.url ?? '').split('?', 2)[1] ?? '');
    const lastEventId = request.headers['last-event-id'];
    const want = parseWantedQuery(query, Array.isArray(lastEventId) ? lastEventId.at(-1) : lastEventId);
    if (manner instanceof SseGateway) this.#limits.takeHandshake(this.#limits.clientAddress(request.raw));
    const who = await this.#identify(request, query);
    if (manner instanceof SseGateway) this.#stream(manner, request, reply, who, want);
    else await this.#poll(manner, request, reply, who, pollWant(want, query, request, manner.maxWaitS));
  }

  #identify({ raw }: FastifyRequest, query: URLSearchParams): Promise<Principal> {
    const { authorization } = raw.headers;
    const accessToken = query.get('access_token') ?? undefined;
    const known = this.#access.authenticate({ authorization, accessToken, cookie: ownCookie(raw) });
    return this.#limits.login(this.#limits.clientAddress(raw), known);
  }

  #stream(sse: SseGateway, request: FastifyRequest, reply: FastifyReply, who: Principal, want: Want): void {
    // The client may have gone while its token was checked.
    if (isGone(request)) return;
    this.#limits.enterConnection(who, this.#limits.clientAddress(request.raw)).leaveWith(reply.raw);
    sse.stream(reply.raw, request.ip, who, want, () => this.#sendHead(request, reply));
    forget(request);
  }

  async #poll(
    polling: PollingGateway,
    request: FastifyRequest,
    reply: FastifyReply,
    who: Principal,
    want: PollWant,
  ): Promise<void> {
    const address = this.#limits.clientAddress(request.raw);
    this.#limits.takeCommand(who, address);
    if (want.waitMs > 0) this.#limits.enterConnection(who, address).leaveWith(reply.raw);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const json = await polling.answer(who, want, gone.signal);
    if (isGone(request)) return;
    if (want.waitMs > 0) void reply.header('preference-applied', `wait=${want.waitMs / 1_000}`);
    await reply.header('vary', VARY).header('cache-control', 'no-store').type('application/json').send(json);
  }

  /** A reply that bypasses the framework loses its hooks' headers, so that they are given here. */
  #sendHead(request: FastifyRequest, reply: FastifyReply): void {
    reply.hijack();
    // A stream ends with its connection: pieces of it need no frame each.
    reply.raw.removeHeader('transfer-encoding');
    reply.raw.writeHead(200, {
      ...protectiveHeaders(isEncrypted(request.raw.socket)),
      ...this.#access.corsHeaders(request.headers.origin),
      'x-request-id': request.id,
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      vary: VARY,
      // HTTP/2 knows no such header (RFC 9113 §8.2.2): there a stream ends alone.
      ...(isHttp2(request) ? {} : { connection: 'close' }),
    });
    reply.raw.flushHeaders();
  }
}

function isHttp2({ raw }: FastifyRequest): boolean {
  return raw.httpVersionMajor === 2;
}

/** Whether nobody is there to answer to; over HTTP/2 a request may go alone. */
function isGone({ raw }: FastifyRequest): boolean {
  if ('stream' in raw && raw.stream instanceof Duplex && raw.stream.destroyed) return true;
  return raw.socket.destroyed;
}

const NOTHING = Object.freeze({});

/** Lets go of what a request brought, its token among it: Node keeps the request for as long as the answer lasts. */
function forget(request: FastifyRequest): void {
  if (isHttp2(request)) return; // Node's own, which nobody may change
  const { raw } = request;
  raw.url = '';
  raw.headers = NOTHING;
  raw.rawHeaders = [];
  request.query = NOTHING;
}

/** @throws {DomainError} `query.invalid`. A longer wait than the server allows is shortened: the client asks again. */
function pollWant(want: Want, query: URLSearchParams, request: FastifyRequest, maxWaitS: number): PollWant {
  const parsed = eventsQuerySchema.safeParse({
    limit: query.get('limit') ?? undefined,
    wait: query.get('wait') ?? preferredWait(request.headers.prefer) ?? undefined,
  });
  if (!parsed.success) throw new DomainError('query.invalid', undefined, toInputErrors(parsed.error));
  const { limit, wait = 0 } = parsed.data;
  return { ...want, limit, waitMs: Math.min(wait, maxWaitS) * 1_000, address: request.ip };
}
