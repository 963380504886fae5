import type { RealtimeStats } from './realtime-stats.js';

/** What happens right now, for metrics. */
export interface RealtimeSnapshot {
  readonly stats: RealtimeStats;
  readonly sessions: ReadonlyMap<string, number>;
  readonly catchingUp: number;
  readonly ringBytes: number;
  readonly ringEntries: number;
  readonly head: number;
  readonly logReads: number;
  readonly busHoles: number;
  readonly topics: number;
}
