import type { Limits } from '#clarion/access';
import type { Publisher, ReceiptNotes } from '#clarion/notifications';
import type { Reading } from './metrics.js';

/** How near this node is to its limits, and how often it said no. */
export function loadReadings(limits: Limits, publisher: Publisher, receipts: ReceiptNotes): Reading[] {
  return [
    {
      name: 'connections',
      help: 'Connections that count for the limits, long polls that wait among them.',
      kind: 'gauge',
      read: () => limits.connections,
    },
    {
      name: 'limit_refusals',
      help: 'Times that somebody had reached a limit.',
      kind: 'counter',
      read: () => limits.refused,
    },
    {
      name: 'publishes_turned_away',
      help: 'Publishes that were not read since too many waited.',
      kind: 'counter',
      read: () => publisher.turnedAway,
    },
    {
      name: 'receipts_dropped',
      help: 'Notes of what was sent and received that were not kept since too many waited.',
      kind: 'counter',
      read: () => receipts.dropped,
    },
  ];
}
