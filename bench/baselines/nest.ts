/**
 * Baseline: what the Nest documentation shows, with default settings. A gateway with `@WebSocketServer()` and `server.emit`, an
 * `@Sse()` route over an RxJS `Subject`, and a controller that publishes to either.
 *
 * https://docs.nestjs.com/websockets/gateways, https://docs.nestjs.com/techniques/server-sent-events
 */
import 'reflect-metadata';
import { Body, Controller, Get, HttpCode, Module, Post, Sse, type MessageEvent } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { Subject, type Observable } from 'rxjs';
import type { Server } from 'socket.io';

@WebSocketGateway()
class NotificationsGateway {
  @WebSocketServer()
  private readonly server!: Server;

  publish(message: object): void {
    this.server.emit('notification', message);
  }
}

@Controller()
class NotificationsController {
  private readonly published = new Subject<MessageEvent>();

  constructor(private readonly gateway: NotificationsGateway) {}

  @Sse('events')
  events(): Observable<MessageEvent> {
    return this.published.asObservable();
  }

  @Post('publish/sse')
  @HttpCode(202)
  publishToSse(@Body() message: object): void {
    this.published.next({ data: message });
  }

  @Post('publish/socketio')
  @HttpCode(202)
  publishToSocketIo(@Body() message: object): void {
    this.gateway.publish(message);
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
