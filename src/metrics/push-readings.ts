import type { PushStats } from '#clarion/notifications';
import type { Reading } from './metrics.js';

/** What is pushed to devices, and what became of it. */
export function pushReadings(stats: PushStats): Reading[] {
  return [
    labelled(
      'pushes',
      'Attempts to push to a device, by what came of them, and pushes not wanted any more.',
      'outcome',
      () => stats.outcomes,
    ),
    labelled(
      'push_decisions',
      'Decisions whether to push a notification to a device.',
      'decision',
      () => stats.decisions,
    ),
    labelled(
      'push_refusals',
      'Why pushes were not taken, were given up, or were not wanted any more.',
      'reason',
      () => stats.reasons,
    ),
    gauge(
      'pushes_due',
      'Notifications of which it is to be decided to whose devices they are pushed; counted every 5 s.',
      () => stats.waiting.due,
    ),
    gauge(
      'pushes_waiting',
      'Pushes that wait for their time or their turn; counted every 5 s.',
      () => stats.waiting.pushes,
    ),
    gauge('pushes_in_flight', 'Pushes that are under way.', () => stats.inFlight),
  ];
}

function labelled(name: string, help: string, label: string, read: () => Readonly<Record<string, number>>): Reading {
  return { name, help, kind: 'counter', read: () => ({ label, values: read() }) };
}

function gauge(name: string, help: string, read: () => number): Reading {
  return { name, help, kind: 'gauge', read };
}
