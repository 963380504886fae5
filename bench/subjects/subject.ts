import type { Layout } from '../layout.js';
import type { PublishTarget, ReaderTarget } from '../messages.js';
import type { ServerProgram } from '../server-program.js';

/** Where to publish and how to read, on a running server. */
export interface Doors {
  readonly read: ReaderTarget;
  /** One message a request: what every server has. */
  readonly publish: PublishTarget;
  /** Many messages a request; null where the server has no such thing. */
  readonly batch: PublishTarget | null;
  /** One message a request, all lanes over one kept connection that is not HTTP; null where the server has no such thing. */
  readonly kept: PublishTarget | null;
}

/** One thing to be measured: a server, a transport, and how it publishes. */
export interface Subject {
  readonly server: string;
  readonly transport: ReaderTarget['transport'];
  /** Not measured where `program.missing()` names something. */
  readonly program: ServerProgram;
  /** Readies a server that has just started for these topics and payloads; may be called again for others. */
  doors(port: number, layout: Layout): Promise<Doors>;
}
