import { randomBytes } from 'node:crypto';

const END_OF_HEAD = '\r\n\r\n';

/** The client's half of opening a WebSocket (RFC 6455 §4.1). Made for load generation: nothing of the answer but its status is looked at. */
export class WebSocketOpening {
  readonly request: string;
  /** The answer so far; null once it is complete. */
  #answer: Buffer | null = Buffer.alloc(0);

  /** @param headers further lines of the request's head. */
  constructor(port: number, path: string, headers: readonly string[] = []) {
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      ...headers,
    ];
    this.request = lines.join('\r\n') + END_OF_HEAD;
  }

  /**
   * The bytes of frames in what has arrived; null while the answer is not complete.
   * @throws {Error} when the server refused.
   */
  framesIn(piece: Buffer): Buffer | null {
    if (this.#answer === null) return piece;
    this.#answer = Buffer.concat([this.#answer, piece]);
    const answer = this.#answer;
    const end = answer.indexOf(END_OF_HEAD);
    if (end < 0) return null;
    const [status = ''] = answer.toString('latin1', 0, end).split('\r\n', 1);
    if (!status.startsWith('HTTP/1.1 101 ')) throw new Error(`the upgrade was refused: ${status}`);
    this.#answer = null;
    return answer.subarray(end + END_OF_HEAD.length);
  }
}
