import type { HistoryPage, TopicHistories } from '#clarion/notifications';
import type { ClientCommand } from '#clarion/protocol';
import type { Session } from './gateway.js';

export interface HistoryAnswer {
  readonly notifications: readonly unknown[];
  readonly nextPage?: string;
}

/**
 * One page of a topic, as the session's reader may see it when the page is there: a renewal of the token meanwhile may have taken rights.
 * @throws {DomainError} as `TopicHistories.page`.
 */
export async function readHistory(
  session: Pick<Session, 'who'>,
  histories: TopicHistories,
  { topic, limit = 50, page }: Extract<ClientCommand, { op: 'history' }>,
): Promise<HistoryAnswer> {
  let who: Session['who'];
  let found: HistoryPage;
  do {
    who = session.who;
    found = await histories.page(who, { topic, limit, ...(page !== undefined && { page }) });
  } while (session.who !== who);
  const notifications = found.notifications.map((json): unknown => JSON.parse(json));
  return { notifications, ...(found.nextPage !== undefined && { nextPage: found.nextPage }) };
}
