import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access } from '#clarion/access';
import { DomainError, parseWanted, type Wanted } from '#clarion/protocol';
import { SseGateway } from './sse.gateway.js';

/** `GET /v1/events`: one resource, read in the manner that the client asks for. */
@ApiTags('events')
@Controller('v1/events')
export class EventsController {
  readonly #access: Access;
  readonly #sse: SseGateway;

  constructor(@Inject(Access) access: Access, @Inject(SseGateway) sse: SseGateway) {
    this.#access = access;
    this.#sse = sse;
  }

  @Get()
  @ApiOperation({
    summary: 'Read events as Server-Sent Events',
    description: 'Needs `Accept: text/event-stream`. The events are those of the AsyncAPI document.',
  })
  @ApiProduces('text/event-stream')
  @ApiQuery({ name: 'topics', required: false, description: 'Comma list of selectors; absent: `users/me`.' })
  @ApiQuery({ name: 'since', required: false, description: 'A cursor, or `earliest`; absent: from now on.' })
  @ApiQuery({ name: 'access_token', required: false, description: 'A subscriber token, where no header can be set.' })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'The last cursor seen; wins over `since`.' })
  async read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (request.method !== 'GET') throw new DomainError('method.unsupported');
    if (!acceptsEventStream(request))
      throw new DomainError('transport.unavailable', 'only text/event-stream is served here');
    const query = parametersOf(request);
    const wanted = wantedBy(request, query);
    const who = await this.#access.authenticate({
      authorization: request.headers.authorization,
      accessToken: query.get('access_token') ?? undefined,
    });
    // The client may have gone while its token was checked.
    if (request.raw.socket.destroyed) return;
    this.#sse.stream(reply.raw, who, wanted, () => this.#sendHead(request, reply));
  }

  /** A reply that bypasses the framework loses its hooks' headers, so that they are set here. */
  #sendHead(request: FastifyRequest, reply: FastifyReply): void {
    const { vary, ...cors } = this.#access.corsHeaders(request.headers.origin);
    reply.hijack();
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'x-request-id': request.id,
      vary: `Accept, Prefer, ${vary}`,
      ...cors,
    });
  }
}

function acceptsEventStream(request: FastifyRequest): boolean {
  return (request.headers.accept ?? '')
    .split(',')
    .some((range) => range.split(';', 1)[0]!.trim().toLowerCase() === 'text/event-stream');
}

/** Query parsers read `+` as a space, and no topic has a space: it is turned back. */
function parametersOf(request: FastifyRequest): URLSearchParams {
  return new URLSearchParams((request.raw.url ?? '').split('?', 2)[1] ?? '');
}

function wantedBy(request: FastifyRequest, query: URLSearchParams): Wanted {
  const lists = [...query.getAll('topics'), ...query.getAll('topic')].map((list) => list.replaceAll(' ', '+'));
  const lastEventId = request.headers['last-event-id'];
  // An EventSource that has heard nothing yet sends an empty id, or none.
  const since = lastEventId === undefined || lastEventId === '' ? (query.get('since') ?? undefined) : lastEventId;
  return parseWanted(query.has('topics') || query.has('topic') ? lists : undefined, since);
}
