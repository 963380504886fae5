import { setImmediate as turn } from 'node:timers/promises';
import type { Published, Publisher } from '#clarion/notifications';
import type { BrokenGateway } from './broken-gateways.js';

type Publish = Publisher['publish'];

/** A gateway that hands publishes to something other than the publisher. */
function publishing(change: (publish: Publish) => Publish): BrokenGateway['publisher'] {
  return (real) => ({ publish: change((...request) => real.publish(...request)) });
}

async function changed(published: Promise<Published>, change: Partial<Published>): Promise<Published> {
  return { ...(await published), ...change };
}

/** Gateways that publish for their clients, each wrong in one way. */
export const brokenPublishing: readonly BrokenGateway[] = [
  {
    name: 'hands on some publishes a moment later',
    caughtBy: 'publishing: what one client publishes without waiting enters the log in that order',
    publisher: publishing((publish) => async (...request) => {
      if (JSON.stringify(request[1].data).includes('7')) await turn();
      return publish(...request);
    }),
  },
  {
    name: 'answers with an id of its own',
    caughtBy: 'publishing: the answer has the id and the cursor with which it is heard',
    publisher: publishing(
      (publish) =>
        (...request) =>
          changed(publish(...request), { id: 'own' }),
    ),
  },
  {
    name: 'keeps what is ephemeral',
    caughtBy: 'publishing: what is ephemeral is heard, has no cursor, and is in no log',
    publisher: publishing((publish) => (who, draft, key) => publish(who, { ...draft, ephemeral: false }, key)),
  },
  {
    name: 'publishes with rights of its own',
    caughtBy: 'publishing: only topics that the newest token grants; one that it does not refuses the whole',
    publisher: publishing(
      (publish) =>
        (...[, draft, key]) =>
          publish({ kind: 'key', id: 'own', rights: 'all' }, draft, key),
    ),
  },
  {
    name: 'does not say that an answer is a repeat',
    caughtBy: 'publishing: a repeat under the same key gets the first answer, and says so',
    publisher: publishing(
      (publish) =>
        (...request) =>
          changed(publish(...request), { replayed: false }),
    ),
  },
  {
    name: 'forgets idempotency keys',
    caughtBy: 'publishing: a repeat under the same key gets the first answer, and says so',
    publisher: publishing((publish) => (who, draft) => publish(who, { ...draft, idempotencyKey: undefined })),
  },
];
