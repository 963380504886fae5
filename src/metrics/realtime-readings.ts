import type { Realtime } from '#clarion/realtime';
import type { Reading } from './metrics.js';

/** What the readers of the log on this node are doing, in the words of the metrics. */
export function realtimeReadings(realtime: Realtime): Reading[] {
  const now = () => realtime.snapshot();
  return [
    counter(
      'sessions_stepped_down',
      'Streams that were asked to poll because of the load.',
      () => now().stats.steppedDown,
    ),
    counter('sessions_opened', 'Sessions opened.', () => now().stats.opened),
    labelled('gauge', 'sessions', 'Open sessions.', 'transport', () => Object.fromEntries(now().sessions)),
    gauge('sessions_catching_up', 'Sessions that wait for a page of the log.', () => now().catchingUp),
    labelled(
      'counter',
      'deliveries',
      'Events given to links, by where they came from.',
      'source',
      () => now().stats.deliveries,
    ),
    labelled(
      'counter',
      'gaps',
      'Times that clients were told that events are lost to them.',
      'reason',
      () => now().stats.gaps,
    ),
    counter(
      'sessions_fallen_behind',
      'Times that a slow client had to go back to reading the log.',
      () => now().stats.fallenBehind,
    ),
    gauge('ring_bytes', 'Bytes of recent events in memory.', () => now().ringBytes),
    gauge('ring_entries', 'Recent events in memory.', () => now().ringEntries),
    gauge('log_head', 'The offset up to which this node has the log.', () => now().head),
    counter('log_page_reads', 'Pages read from the store for clients that catch up.', () => now().logReads),
    counter('bus_holes', 'Holes in what the bus brought, read from the log.', () => now().busHoles),
    gauge('interest_topics', 'Topics that sessions read by name.', () => now().topics),
  ];
}

function counter(name: string, help: string, read: () => number): Reading {
  return { name, help, kind: 'counter', read };
}

function gauge(name: string, help: string, read: () => number): Reading {
  return { name, help, kind: 'gauge', read };
}

function labelled(
  kind: Reading['kind'],
  name: string,
  help: string,
  label: string,
  read: () => Readonly<Record<string, number>>,
): Reading {
  return { name, help, kind, read: () => ({ label, values: read() }) };
}
