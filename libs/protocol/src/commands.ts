import { z } from 'zod';
import { cursorSchema, EARLIEST } from './cursor.js';
import { DomainError, toInputErrors } from './errors.js';
import { ackSchema, chooseCommandSchema, followSchema, inboxCommandSchema, markSchema } from './inbox.js';
import { wantedPreferencesSchema } from './preferences.js';
import { selectorSchema, topicSchema } from './topics.js';

/** Selectors that one session may have. */
export const MAX_SELECTORS = 100;

export const sinceSchema = z
  .union([z.literal(EARLIEST), cursorSchema])
  .meta({ description: 'Read after this cursor; `earliest`: all that is kept; absent: from now on.' });

export const topicsSchema = z.array(selectorSchema).max(MAX_SELECTORS);

/** What a two-way client may ask of its session. */
export const commandSchemas = {
  subscribe: z.strictObject({ topics: topicsSchema.min(1) }).meta({ id: 'Subscribe' }),
  unsubscribe: z.strictObject({ topics: topicsSchema.min(1) }).meta({ id: 'Unsubscribe' }),
  auth: z.strictObject({ token: z.string().min(1).max(8_192) }).meta({ id: 'Auth' }),
  history: z
    .strictObject({
      topic: topicSchema,
      limit: z.number().int().min(1).max(100).optional(),
      page: z.string().max(128).optional(),
    })
    .meta({ id: 'HistoryCommand' }),
  inbox: inboxCommandSchema,
  summary: z.strictObject({}).meta({ id: 'SummaryCommand' }),
  mark: markSchema,
  ack: ackSchema,
  choose: chooseCommandSchema,
  follow: followSchema,
  unfollow: followSchema.meta({ id: 'Unfollow' }),
  follows: z.strictObject({}).meta({ id: 'FollowsCommand' }),
  preferences: z
    .strictObject({ set: wantedPreferencesSchema.optional() })
    .meta({ id: 'PreferencesCommand', description: 'Answers with the preferences; `set` replaces them first.' }),
  presence: z.strictObject({ topic: topicSchema, watch: z.boolean().optional() }).meta({
    id: 'PresenceCommand',
    description: 'Answers who is there; `watch` begins or ends the events `presence`.',
  }),
} as const;

export type CommandName = keyof typeof commandSchemas;
export type ClientCommand = {
  [N in CommandName]: { readonly op: N } & z.infer<(typeof commandSchemas)[N]>;
}[CommandName];

/**
 * Parses what a client sent under the name of a command.
 * @throws {DomainError} `body.invalid`, for an unknown name too.
 */
export function parseCommand(op: string, body: unknown): ClientCommand {
  if (!isCommandName(op))
    throw new DomainError('body.invalid', undefined, [{ pointer: '/op', detail: 'no such command' }]);
  const parsed = commandSchemas[op].safeParse(body);
  if (!parsed.success) throw new DomainError('body.invalid', undefined, toInputErrors(parsed.error));
  // The schema of `op` has just said so.
  return { op, ...parsed.data } as ClientCommand;
}

function isCommandName(op: string): op is CommandName {
  return Object.hasOwn(commandSchemas, op);
}

/** What `subscribe` and `unsubscribe` answer: all selectors of the session now, and its cursor. */
export const subscriptionSchema = z
  .object({ topics: z.array(selectorSchema), cursor: cursorSchema })
  .meta({ id: 'Subscription' });
export type Subscription = z.infer<typeof subscriptionSchema>;
