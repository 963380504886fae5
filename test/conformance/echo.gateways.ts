import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { Socket } from 'socket.io';

/**
 * The answers that the Socket.IO suite expects, and nothing else. Listeners take the arguments as they came: by the time a
 * `@SubscribeMessage` is called, one array and several arguments look the same.
 */
class EchoGateway implements OnGatewayConnection<Socket> {
  handleConnection(socket: Socket): void {
    socket.emit('auth', socket.handshake.auth);
    socket.on('message', (...args: unknown[]) => {
      socket.emit('message-back', ...args);
    });
    socket.on('message-with-ack', (...args: unknown[]) => {
      const acknowledge = args.pop();
      if (typeof acknowledge === 'function') acknowledge(...args);
    });
  }
}

@WebSocketGateway()
export class MainEchoGateway extends EchoGateway {}

@WebSocketGateway({ namespace: '/custom' })
export class CustomEchoGateway extends EchoGateway {}
