import type { Cause, Channel, Evidence } from '#clarion/protocol';
import type { LogEntry } from '#clarion/event-bus';

/** Whether something reaches a person by one way; if not, why, and by what evidence. */
export type Decision =
  { readonly reaches: true } | { readonly reaches: false; readonly cause: Cause; readonly evidence: Evidence };

/** One person's preferences, ready to be asked: the code that delivery asks. */
export interface Decider {
  /** @param topic by which they see it. @param at milliseconds since 1970. */
  decide(channel: Channel, entry: Pick<LogEntry, 'category' | 'urgent'>, topic: string, at: number): Decision;
}

export interface Deciders {
  decider(user: string): Promise<Decider>;
}
