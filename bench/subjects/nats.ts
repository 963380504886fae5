import { markedPayload } from '../mark.js';
import type { PublishTarget } from '../messages.js';
import { ALONE } from '../publish-targets.js';
import { isInstalled, type ServerProgram } from '../server-program.js';
import type { Subject } from './subject.js';

/** All lanes that a publisher may have. */
const ALL_LANES = 1_000;

const program: ServerProgram = {
  name: 'nats-server',
  readyPath: null,
  missing: () => (isInstalled('nats-server') ? null : 'nats-server'),
  command: ({ port }) => ({ file: 'nats-server', args: ['-a', '127.0.0.1', '-p', String(port)], env: {} }),
};

/**
 * A NATS server with its default settings: nothing is stored, and its own protocol stands for HTTP. Besides the lanes of one connection each, all
 * lanes over one connection.
 */
export const nats: Subject = {
  server: 'NATS',
  transport: 'nats',
  program,
  doors: async (port, { payloadBytes, topics, topicsPerReader }) => {
    const publish: PublishTarget = {
      protocol: 'nats',
      port,
      path: 'bench.{topic}',
      headers: {},
      message: markedPayload(payloadBytes),
      topics,
      batch: ALONE,
      lanesPerConnection: 1,
    };
    return {
      publish,
      batch: null,
      kept: { ...publish, lanesPerConnection: ALL_LANES },
      // The topic's number is the subscription's id, in which a NATS client is free.
      read: {
        transport: 'nats',
        port,
        wants: { topics, topicsPerReader, item: 'SUB bench.{topic} {topic}\r\n', separator: '' },
      },
    };
  },
};
