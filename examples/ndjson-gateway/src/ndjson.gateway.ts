import type { ServerResponse } from 'node:http';
import { Controller, Get, Inject, Module, Req, Res, type DynamicModule } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access } from '#clarion/access';
import { DomainError, parseWanted } from '#clarion/protocol';
import {
  byeOf,
  isDismissal,
  Gateways,
  Realtime,
  Wheel,
  type Batch,
  type CloseReason,
  type Codec,
  type Gateway,
  type Link,
  type Session,
} from '#clarion/realtime';

/** One JSON object a line: `{ "event", "data" }`. The JSON of an event has no raw line end in it. */
const codec: Codec<string> = {
  name: 'ndjson',
  encode: (event, topic) => `{"event":"${event.name}","data":${event.json(topic)}}\n`,
  join: (lines) => lines.join(''),
  control: ({ name, data }) => `${JSON.stringify({ event: name, data })}\n`,
};

class NdjsonLink implements Link<string> {
  readonly codec = codec;
  constructor(private readonly response: ServerResponse) {}

  write(batch: Batch<string>): boolean {
    return this.response.write(batch.joined());
  }

  close(reason: CloseReason): void {
    if (this.response.writableNeedDrain && isDismissal(reason)) this.response.destroy();
    else this.response.end(codec.control({ name: 'bye', data: byeOf(reason) }));
  }
}

/** `GET /ndjson?topics=…&since=…`: newline-delimited JSON over plain HTTP. Empty lines keep the connection alive. */
@Controller('ndjson')
class NdjsonController implements Gateway {
  readonly name = codec.name;
  readonly #open = new Set<ServerResponse>();

  constructor(
    @Inject(Realtime) private readonly realtime: Realtime,
    @Inject(Access) private readonly access: Access,
    @Inject(Wheel) private readonly heartbeats: Wheel<ServerResponse>,
    @Inject(Gateways) gateways: Gateways,
  ) {
    gateways.register(this);
  }

  @Get()
  async read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { authorization, origin } = request.headers;
    if (request.method !== 'GET') throw new DomainError('method.unsupported'); // Fastify brings HEAD here, too
    if (!this.access.isOriginAllowed(origin)) throw new DomainError('origin.forbidden');
    const query = new URL(request.url, 'http://localhost').searchParams;
    const wanted = parseWanted(query.get('topics')?.replaceAll(' ', '+'), query.get('since') ?? undefined);
    const who = await this.access.authenticate({ authorization });
    this.realtime.authorise(who, wanted);
    if (request.raw.socket.destroyed) return; // gone while its token was checked: nobody would hear of its end again
    reply.hijack();
    const headers = { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' };
    reply.raw.writeHead(200, { ...headers, ...this.access.corsHeaders(origin) });
    this.#follow(reply.raw, this.realtime.open(new NdjsonLink(reply.raw), who, wanted));
  }

  #follow(response: ServerResponse, session: Session): void {
    this.#open.add(response);
    this.heartbeats.add(response);
    response.on('drain', () => session.writable());
    response.on('error', () => response.destroy()); // of writing to a connection that was just cut: 'close' follows
    response.once('close', () => {
      session.ended();
      this.#open.delete(response);
      this.heartbeats.delete(response);
    });
  }

  async drain(signal: AbortSignal): Promise<void> {
    const closed = [...this.#open].map((response) => new Promise((resolve) => response.once('close', resolve)));
    signal.addEventListener('abort', () => this.#open.forEach((response) => response.destroy()), { once: true });
    await Promise.all(closed);
    this.heartbeats.stop();
  }
}

/** The gateway, as an application takes it: `gateways: [{ module: NdjsonGatewayModule.forRoot({ heartbeatMs: 25_000 }) }]`. */
@Module({})
export class NdjsonGatewayModule {
  static forRoot({ heartbeatMs }: { readonly heartbeatMs: number }): DynamicModule {
    const beat = (response: ServerResponse) => response.writableNeedDrain || response.write('\n');
    const heartbeats = { provide: Wheel, useFactory: () => new Wheel(heartbeatMs, beat) };
    return { module: NdjsonGatewayModule, controllers: [NdjsonController], providers: [heartbeats] };
  }
}
