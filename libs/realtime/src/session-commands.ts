import type { Principal, Subscriber } from '#clarion/access';
import type { Via } from '#clarion/notifications';
import { DomainError, type ClientCommand, type Ready, type Selector, type Subscription } from '#clarion/protocol';
import type { EndCause } from './open-connection.js';
import type { OpenSession, SessionContext } from './session-context.js';
import { readHistory } from './session-history.js';
import type { SessionSelectors } from './session-selectors.js';

/** A session, as the commands of its client change it. */
export interface Commanded extends OpenSession {
  who: Principal;
  /** By what the client is reached. */
  readonly via: Via;
  readonly hasEnded: boolean;
  readonly selectors: SessionSelectors;
  readonly subscription: Subscription;
  readonly ready: Ready;
  /** Brings it to a single cursor, so that a change of selectors has one place at which it takes effect. */
  settle(): void;
  /** Takes over the rights and the end of another token of the same person. */
  renew(who: Subscriber): void;
}

/** What concerns the session itself; all else is the person's, and needs no more of a session than who they are. */
const OF_SESSIONS: ReadonlySet<ClientCommand['op']> = new Set([
  'subscribe',
  'unsubscribe',
  'auth',
  'history',
  'presence',
]);

export function isPersonal({ op }: ClientCommand): boolean {
  return !OF_SESSIONS.has(op);
}

/** Whoever says something of theirs last, and goes, is heard. @throws {DomainError} `draining` when the session was ended otherwise. */
export function assertHeard(command: ClientCommand, endedBy: EndCause | undefined): void {
  if (endedBy === undefined || (endedBy === 'gone' && isPersonal(command))) return;
  throw new DomainError('draining', 'this session has ended');
}

/**
 * Carries out what a client asks.
 * @returns the data of the acknowledgement.
 * @throws {DomainError} for the client.
 */
export async function carryOut(session: Commanded, context: SessionContext, command: ClientCommand): Promise<unknown> {
  switch (command.op) {
    case 'subscribe':
      return subscribe(session, command.topics);
    case 'unsubscribe':
      return unsubscribe(session, command.topics);
    case 'auth':
      return renew(session, context, command.token);
    case 'history':
      return readHistory(session, context.histories, command);
    case 'presence':
      return context.watching.carryOut(session, command);
    default:
      return context.people.commands.handle(session.who, command, session.via);
  }
}

/** New selectors take effect at the present cursor, which the answer names. */
function subscribe(session: Commanded, wanted: readonly Selector[]): Subscription {
  const grants = session.selectors.grants(session.who, wanted);
  session.settle();
  session.selectors.add(grants, session.reading.through);
  return session.subscription;
}

function unsubscribe(session: Commanded, unwanted: readonly Selector[]): Subscription {
  const grants = session.selectors.grants(session.who, unwanted);
  session.settle();
  session.selectors.delete(grants.map(({ selector }) => selector));
  return session.subscription;
}

/** A new token for the same person. What it does not grant any more is read no longer. */
async function renew(session: Commanded, { access, watching }: SessionContext, token: string): Promise<Ready> {
  const who = await access.verifyToken(token);
  const isSame = session.who.kind === 'subscriber' && who.sub === session.who.sub;
  if (!isSame || session.hasEnded) throw new DomainError('token.invalid');
  session.renew(who);
  watching.recheck(session);
  return session.ready;
}
