/**
 * A second door, without schemas: words, limits and the grammar of topics. What a store's threads need of this library; with the schemas each of
 * them would take 0.1 s more to start, and their memory.
 */
export { hasWildcard, isOpenToWildcards, isSelector, matches, type Selector, type Topic } from './topic-grammar.js';

/** What a person can say of a notification in their inbox; each can be taken back. */
export const MARK_STATES = ['seen', 'read', 'archived', 'snoozed'] as const;
export type MarkState = (typeof MARK_STATES)[number];

/** Topics that one person may follow. */
export const MAX_FOLLOWS = 1_000;

/** Summaries count exactly up to this. */
export const MAX_COUNT = 1_000;

/** Devices that one person may have; of more the one that was verified longest ago goes. */
export const MAX_DEVICES = 20;

/** What an administrator can do that others should be able to read of later. */
export const ADMINISTRATIVE_ACTS = [
  'key.created',
  'key.rotated',
  'key.deleted',
  'user.disconnected',
  'user.erased',
  'connection.closed',
  'topic.closed',
  'category.put',
  'category.deleted',
] as const;
export type AdministrativeAct = (typeof ADMINISTRATIVE_ACTS)[number];
