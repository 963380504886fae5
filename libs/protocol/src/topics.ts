import { z } from 'zod';
import {
  isSelector,
  isTopic,
  isUserId,
  MAX_TOPIC_BYTES,
  MAX_USER_ID_BYTES,
  SELECTOR_PATTERN,
  TOPIC_PATTERN,
  USER_PATTERN,
} from './topic-grammar.js';

export const topicSchema = z
  .string()
  .refine(isTopic, { message: 'not a topic: 1–16 segments of [A-Za-z0-9_.:@~|+=-] joined by "/", at most 255 bytes' })
  .meta({
    description: 'Where a notification goes.',
    examples: ['orders/42'],
    pattern: TOPIC_PATTERN.source,
    maxLength: MAX_TOPIC_BYTES,
  });

export const selectorSchema = z
  .string()
  .refine(isSelector, { message: 'not a selector: a topic in which a segment may be "*" and the last one "**"' })
  .meta({
    description: 'A topic, or a pattern: `*` is one segment, a final `**` the rest.',
    examples: ['orders/*'],
    pattern: SELECTOR_PATTERN.source,
    maxLength: MAX_TOPIC_BYTES,
  });

export const userIdSchema = z
  .string()
  .refine(isUserId, { message: 'not a user id: one topic segment of at most 249 bytes, other than "me", "." and ".."' })
  .meta({
    description: 'A person, as the `sub` of their tokens.',
    examples: ['u-42'],
    pattern: USER_PATTERN.source,
    maxLength: MAX_USER_ID_BYTES,
  });
