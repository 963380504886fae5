import type { PushMessage } from '#clarion/notifications';
import { largest } from './cuttable-text.js';
import { contentOf, fitted, type Fitted, type PushContent, type ShowMessage } from './push-content.js';

type CloseMessage = Extract<PushMessage, { kind: 'close' }>;

/** RFC 8291 §4: a service takes 4,096 bytes; 86 are the header of the encryption, 17 its padding and tag. */
export const MAX_PLAINTEXT_BYTES = 3_993;

/** What is to be known of where a payload goes. */
export interface PayloadTarget {
  /** Of the endpoint. */
  readonly host: string;
  /** The site to which paths lead; undefined: that of the worker. */
  readonly site: string | undefined;
}

/**
 * What is encrypted for a device: JSON in UTF-8, for a service worker, and as a declarative message (W3C Push API) for browsers that read those by
 * themselves. At most {@link MAX_PLAINTEXT_BYTES}, whatever the message has: what does not fit is left out.
 */
export function payloadOf(message: PushMessage, target: PayloadTarget): Buffer {
  const payload = message.kind === 'show' ? showPayload(message, target) : closePayload(message, target);
  return Buffer.from(JSON.stringify(payload));
}

function showPayload(message: ShowMessage, target: PayloadTarget): object {
  const all = contentOf(message, MAX_PLAINTEXT_BYTES);
  const fit = (maxBytes: number, from?: number): Fitted =>
    fitted(all, isSafari(target), (content) => bytesOf(showOf(message, content, target)) <= maxBytes, from);
  const { content, stage } = fit(MAX_PLAINTEXT_BYTES);
  if (message.shortened === 0) return showOf(message, content, target);
  // Each time half of what could still be left out is.
  const most = bytesOf(showOf(message, content, target));
  const least = bytesOf(showOf(message, fit(0, stage).content, target));
  const room = least + Math.floor((most - least) / 2 ** message.shortened);
  return showOf(message, fit(room, stage).content, target);
}

function showOf(message: ShowMessage, content: PushContent, { site }: PayloadTarget): object {
  const { id, collapseKey, ticket, publishedAt, unread } = message;
  const { title, body, url, icon, data, category, topic, actions } = content;
  const tag = collapseKey ?? id;
  const own = { v: 1, kind: 'show', id, tag, topic, ticket, url, actions };
  const navigate = addressOf(url, site);
  return {
    web_push: 8030,
    notification: {
      title,
      body,
      navigate,
      tag,
      icon: icon === undefined ? undefined : addressOf(icon, site),
      timestamp: publishedAt,
      app_badge: unread,
      actions: actions.map((action) => ({
        action: action.id,
        title: action.title,
        navigate: action.url === undefined ? navigate : addressOf(action.url, site),
      })),
      ...(content.repeated && { data: { clarion: own } }),
    },
    // Drafts of the declarative format have it here, what WebKit documents has it above.
    app_badge: unread,
    mutable: true,
    clarion: { ...own, category, data, publishedAt: new Date(publishedAt).toISOString() },
  };
}

/** Of more than fit the first ones: each push that is taken back is gone from the inbox, too. */
function closePayload({ closed, unread }: CloseMessage, target: PayloadTarget): object {
  const closing = (count: number): object => {
    const some = closed.slice(0, count);
    const tags = some.map(({ id, collapseKey }) => collapseKey ?? id);
    return {
      ...(isSafari(target) && { web_push: 8030, notification: substituteOf(tags[0], unread, target) }),
      app_badge: unread,
      mutable: true,
      clarion: { v: 1, kind: 'close', tags, ids: some.map(({ id }) => id) },
    };
  };
  return closing(largest(closed.length, (count) => bytesOf(closing(count)) <= MAX_PLAINTEXT_BYTES));
}

/** Safari takes the permission from those who push without showing: there something takes the place of what is closed, silently. */
function substituteOf(tag: string | undefined, unread: number | undefined, { site }: PayloadTarget): object {
  return {
    title: 'Read on another device',
    navigate: addressOf(undefined, site),
    tag,
    silent: true,
    app_badge: unread,
  };
}

function isSafari({ host }: PayloadTarget): boolean {
  return host.endsWith('.push.apple.com');
}

/** An absolute address where the site is known; else a path, which browsers read as of the worker's. */
function addressOf(url: string | undefined, site: string | undefined): string {
  const wanted = url ?? '/';
  return site !== undefined && URL.canParse(wanted, site) ? new URL(wanted, site).href : wanted;
}

function bytesOf(payload: object): number {
  return Buffer.byteLength(JSON.stringify(payload));
}
