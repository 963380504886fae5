import { Inject } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { NOTIFICATION_STORE, type NotificationStore } from '#clarion/notifications';
import { Requests } from '../http/requests.js';

/** A store that takes longer to say where it is takes no publishes in useful time either. Milliseconds. */
const STORE_TIMEOUT_MS = 2_000;

/** Whether this node should be given work. */
export class Readiness {
  constructor(
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
    @Inject(NOTIFICATION_STORE) private readonly store: NotificationStore,
    @Inject(Requests) private readonly requests: Requests,
  ) {}

  /** Up when the store answers. The reason of a failure is for the log, not for strangers. */
  async ofStore(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('store');
    try {
      await within(STORE_TIMEOUT_MS, this.store.bounds());
      return indicator.up();
    } catch {
      return indicator.down(); // the store logs its own failures
    }
  }

  /** Down from the moment in which the node was asked to go. */
  ofProcess(): HealthIndicatorResult {
    const indicator = this.indicators.check('accepting');
    return this.requests.draining ? indicator.down('draining') : indicator.up();
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
