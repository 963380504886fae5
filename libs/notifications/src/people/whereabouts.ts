import type { Cause, Evidence } from '#clarion/protocol';
import { isoTime } from '../iso-time.js';
import type { OpenReach, Reach } from './reach.js';

/** A cause and what it rests on. */
export interface Finding {
  readonly cause: Cause;
  readonly evidence: Evidence;
}

/** What was, or would be, published to a person. */
export interface Sought {
  readonly user: string;
  readonly topics: readonly string[];
  readonly publishedAt: number;
}

/** Where somebody is by whose connections it is not read. */
export function whereabouts(sought: Sought, connections: readonly OpenReach[], reach: Reach): Finding {
  const [first] = connections;
  if (first === undefined) return departure(reach, sought.user);
  const mayRead = connections.some((one) => sought.topics.some((topic) => one.mayRead(topic, sought.publishedAt)));
  return { cause: mayRead ? 'connection.elsewhere' : 'right.missing', evidence: viaOf(first) };
}

/** By which connection something came, or would. */
export function viaOf({ transport, device, since }: OpenReach): Evidence {
  return { transport, since: isoTime(since), ...(device !== undefined && { device }) };
}

function departure(reach: Reach, user: string): Finding {
  const last = reach.lastOf(user);
  if (last === undefined) return { cause: 'connection.none', evidence: {} };
  const { at, transport, reason } = last;
  return { cause: 'connection.closed', evidence: { at: isoTime(at), transport, reason } };
}
