import { z } from 'zod';
import type { ClaimedPush } from './push-store.js';
import type { PushMessage, Urgency } from './push-channel.js';

/** What a push shows of a notification's body. */
const shownSchema = z.object({
  title: z.string().optional(),
  body: z.string().optional(),
  url: z.string().optional(),
  icon: z.string().optional(),
  data: z.unknown().optional(),
  priority: z.enum(['low', 'normal', 'high', 'urgent']).default('normal'),
  actions: z.array(z.object({ id: z.string(), title: z.string(), url: z.string().optional() })).default([]),
});

const URGENCY: Readonly<Record<z.infer<typeof shownSchema>['priority'], Urgency>> = {
  low: 'low',
  normal: 'normal',
  high: 'high',
  urgent: 'high',
};

/** What a device is told. @param unread as its person's inbox has it; undefined: unknown. @param now milliseconds since 1970. */
export function messageOf(push: ClaimedPush, unread: number | undefined, now: number): PushMessage {
  const ttlS = Math.max(0, Math.floor((push.until - now) / 1_000));
  if (push.kind === 'close') return { kind: 'close', ttlS, urgency: 'normal', unread, closed: push.closed };
  const { entry, topic, ticket, shortened } = push;
  const { title, body, url, icon, data, priority, actions } = shownSchema.parse(JSON.parse(`{${entry.body}}`));
  return {
    kind: 'show',
    ttlS,
    urgency: URGENCY[priority],
    unread,
    id: entry.id,
    collapseKey: entry.collapseKey,
    topic,
    ticket,
    title,
    body,
    url,
    icon,
    data,
    category: entry.category,
    actions: actions.map((action) => ({
      id: action.id,
      title: action.title,
      ...(action.url !== undefined && { url: action.url }),
    })),
    publishedAt: entry.publishedAt,
    shortened,
  };
}
