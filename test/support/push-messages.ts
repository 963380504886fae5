import type { PushMessage, StoredDevice } from '#clarion/notifications';
import { aDevice } from '../../libs/notifications/test/push-doubles.js';
import type { TestSubscription } from './push-service.js';

/** A device as a store has it. */
export function deviceAt(
  { endpoint, keys }: TestSubscription['subscription'],
  more: Partial<StoredDevice> = {},
): StoredDevice {
  return aDevice('u-1', 'laptop', { endpoint, p256dh: keys.p256dh, auth: keys.auth, ...more });
}

export type ShowMessage = Extract<PushMessage, { kind: 'show' }>;

export function showMessage(more: Partial<ShowMessage> = {}): ShowMessage {
  return {
    kind: 'show',
    ttlS: 60,
    urgency: 'normal',
    unread: 3,
    id: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    collapseKey: undefined,
    topic: 'users/u-1',
    ticket: 'a-ticket-of-22-letters',
    title: 'Order 42 has shipped',
    body: 'It arrives tomorrow.',
    url: '/orders/42',
    icon: undefined,
    data: undefined,
    category: undefined,
    actions: [],
    publishedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    shortened: 0,
    ...more,
  };
}

export function closeMessage(
  closed: readonly { readonly id: string; readonly collapseKey?: string }[],
): Extract<PushMessage, { kind: 'close' }> {
  return { kind: 'close', ttlS: 60, urgency: 'normal', unread: 0, closed };
}
