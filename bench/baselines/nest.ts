/**
 * Baseline: what the Nest documentation shows, with default settings. A gateway with `@WebSocketServer()` and `server.emit`, an
 * `@Sse()` route over an RxJS `Subject`, and a controller that publishes to either. Where there are topics, each is a room, or a filter on the Subject.
 *
 * https://docs.nestjs.com/websockets/gateways, https://docs.nestjs.com/techniques/server-sent-events
 */
import 'reflect-metadata';
import { Body, Controller, Get, HttpCode, Module, Post, Query, Sse, type MessageEvent } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WebSocketGateway, WebSocketServer, type OnGatewayConnection } from '@nestjs/websockets';
import { filter, Subject, type Observable } from 'rxjs';
import type { Server, Socket } from 'socket.io';
import { z } from 'zod';

const authSchema = z.object({ topics: z.array(z.string()).default([]) });

/** What is published. */
interface Message {
  readonly topic: string;
  readonly data: unknown;
}

@WebSocketGateway()
class NotificationsGateway implements OnGatewayConnection {
  @WebSocketServer()
  private readonly server!: Server;

  handleConnection(client: Socket): void {
    const { topics } = authSchema.parse(client.handshake.auth);
    if (topics.length > 0) void client.join(topics);
  }

  publish(message: Message): void {
    this.server.emit('notification', message);
  }

  publishToRoom(message: Message): void {
    this.server.to(message.topic).emit('notification', message);
  }
}

@Controller()
class NotificationsController {
  private readonly published = new Subject<{ readonly data: Message }>();

  constructor(private readonly gateway: NotificationsGateway) {}

  @Sse('events')
  events(): Observable<MessageEvent> {
    return this.published.asObservable();
  }

  @Sse('events/of')
  eventsOf(@Query('topics') list: string): Observable<MessageEvent> {
    const topics = new Set(list.split(','));
    return this.published.pipe(filter(({ data }) => topics.has(data.topic)));
  }

  @Post('publish/sse')
  @HttpCode(202)
  publishToSse(@Body() message: Message): void {
    this.published.next({ data: message });
  }

  @Post('publish/socketio')
  @HttpCode(202)
  publishToSocketIo(@Body() message: Message): void {
    this.gateway.publish(message);
  }

  @Post('publish/rooms')
  @HttpCode(202)
  publishToRooms(@Body() message: Message): void {
    this.gateway.publishToRoom(message);
  }

  @Get('health/ready')
  ready(): string {
    return 'ready';
  }
}

@Module({ controllers: [NotificationsController], providers: [NotificationsGateway] })
class BaselineModule {}

const app = await NestFactory.create(BaselineModule, new FastifyAdapter());
await app.listen(Number(process.env['PORT']), '127.0.0.1');
