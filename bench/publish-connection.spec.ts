import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { markedPayload } from './mark.js';
import type { PublishTarget } from './messages.js';
import { PublishConnection } from './publish-connection.js';
import { PublishLane } from './publish-lane.js';
import { singlePosts } from './publish-targets.js';

const POSTS = singlePosts({ port: 80, path: '/', message: markedPayload(60) });
const NATS: PublishTarget = { ...POSTS, protocol: 'nats', path: 'bench', lanesPerConnection: 4 };
const ACCEPTED = 'HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n';
const LAST_ACCEPTED = 'HTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/** The server's end of a connection. */
class FakeSocket extends Duplex {
  readonly written: string[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.written.push(chunk.toString('latin1'));
    done();
  }

  override _writev(chunks: { readonly chunk: Buffer }[], done: () => void): void {
    this.written.push(chunks.map(({ chunk }) => chunk.toString('latin1')).join(''));
    done();
  }
}

interface Scene {
  readonly sockets: FakeSocket[];
  readonly accepted: number[];
  readonly failures: string[];
  readonly connection: PublishConnection;
}

async function connected(target: PublishTarget, hello = ''): Promise<Scene> {
  const sockets: FakeSocket[] = [];
  const accepted: number[] = [];
  const failures: string[] = [];
  const listener = {
    onAccepted: ({ index }: PublishLane) => void accepted.push(index),
    onFailure: (reason: string) => void failures.push(reason),
  };
  const connection = new PublishConnection(target, listener, () => {
    const socket = new FakeSocket();
    sockets.push(socket);
    queueMicrotask(() => {
      socket.emit('connect');
      socket.push(hello);
    });
    return socket;
  });
  await connection.connect();
  return { sockets, accepted, failures, connection };
}

describe('PublishConnection', () => {
  it('keeps its HTTP connection, and opens another when the server says that it will close this one', async () => {
    const { sockets, accepted, failures, connection } = await connected(POSTS);
    const lane = new PublishLane(0, POSTS);
    for (const answer of [ACCEPTED, LAST_ACCEPTED, ACCEPTED]) {
      connection.send(lane, 1);
      sockets.at(-1)?.push(answer);
      await turn();
    }
    sockets[0]?.destroy();
    await turn();
    expect({ accepted, failures, requests: sockets.map(({ written }) => written.length) }).toEqual({
      accepted: [0, 0, 0],
      failures: [],
      requests: [2, 1],
    });
  });

  it('opens another when the server has closed it between two requests, and fails when it does during one', async () => {
    const { sockets, accepted, failures, connection } = await connected(POSTS);
    sockets[0]?.destroy();
    await turn();
    connection.send(new PublishLane(0, POSTS), 1);
    expect([sockets.length, failures]).toEqual([2, []]);
    sockets[1]?.destroy();
    await turn();
    expect([accepted, failures]).toEqual([[], ['a publishing connection was closed']]);
  });

  it('says why a request was refused, and that a batch was not accepted as a whole', async () => {
    const single = await connected(POSTS);
    single.connection.send(new PublishLane(0, POSTS), 1);
    single.sockets[0]?.push('HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\nnot me');
    const batches: PublishTarget = { ...POSTS, batch: { size: 2, before: '[', after: ']' } };
    const batch = await connected(batches);
    batch.connection.send(new PublishLane(0, batches), 1);
    batch.sockets[0]?.push('HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n[{"status":201},{"status":422');
    await turn();
    expect(single.failures).toEqual(['a publish was answered with 403: not me']);
    expect(batch.failures[0]).toContain('"status":422');
  });

  it('gives the answers of a shared connection to its lanes in order, and joins their requests', async () => {
    const { sockets, accepted, failures, connection } = await connected(NATS, 'INFO {}\r\nPONG\r\n');
    for (const index of [2, 0, 1]) connection.send(new PublishLane(index, NATS), 1);
    await turn();
    sockets[0]?.push('PONG\r\nPONG\r\n');
    await turn();
    expect({ accepted, failures }).toEqual({ accepted: [2, 0], failures: [] });
    expect(sockets[0]?.written).toEqual([
      expect.stringMatching(/^CONNECT .*PING\r\n$/s),
      expect.stringMatching(/^(PUB [^@]*@@\d{26}[^@]*PING\r\n){3}$/),
    ]);
  });

  it('fails when what is kept is closed', async () => {
    const { sockets, failures } = await connected(NATS, 'INFO {}\r\nPONG\r\n');
    sockets[0]?.destroy(new Error('reset by peer'));
    await turn();
    expect(failures).toEqual(['a publishing connection failed: reset by peer']);
  });
});
