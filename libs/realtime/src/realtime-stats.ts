import type { GapReason } from '#clarion/protocol';

export type DeliverySource = 'live' | 'ring' | 'log';

/** What sessions did since the start; read by the metrics. */
export class RealtimeStats {
  readonly deliveries: Record<DeliverySource, number> = { live: 0, ring: 0, log: 0 };
  readonly gaps: Record<GapReason, number> = { unknown: 0, retention: 0, lag: 0 };
  /** Times that a live session's buffer was full and it fell back to reading the log. */
  fallenBehind = 0;
  opened = 0;
  /** Streams that were asked to poll because of the load. */
  steppedDown = 0;

  delivered(source: DeliverySource, count: number): void {
    this.deliveries[source] += count;
  }

  gap(reason: GapReason): void {
    this.gaps[reason]++;
  }

  fellBehind(): void {
    this.fallenBehind++;
  }
}
