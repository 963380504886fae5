import { Module, type DynamicModule } from '@nestjs/common';
import { Limits } from '#clarion/access';
import { Publisher, PushStats, ReceiptNotes } from '#clarion/notifications';
import { Realtime } from '#clarion/realtime';
import { Requests } from '../http/requests.js';
import { loadReadings } from './load-readings.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsServer } from './metrics-server.js';
import { Metrics } from './metrics.js';
import { pushReadings } from './push-readings.js';
import { realtimeReadings } from './realtime-readings.js';

/** Where metrics are served apart from the main port. */
export interface MetricsAddress {
  readonly port: number;
  readonly host: string;
}

/** Serves `/metrics`: on an address of its own without a key, or on the main port with an API key that may administer. */
@Module({})
export class MetricsModule {
  /** @param address absent: on the main port. */
  static forRoot(address: MetricsAddress | undefined): DynamicModule {
    const metrics = {
      provide: Metrics,
      inject: [Requests, Realtime, Limits, Publisher, ReceiptNotes, PushStats],
      useFactory: (
        requests: Requests,
        realtime: Realtime,
        limits: Limits,
        publisher: Publisher,
        receipts: ReceiptNotes,
        pushes: PushStats,
      ) =>
        new Metrics(requests, [
          ...realtimeReadings(realtime),
          ...loadReadings(limits, publisher, receipts),
          ...pushReadings(pushes),
        ]),
    };
    if (address === undefined) return { module: MetricsModule, controllers: [MetricsController], providers: [metrics] };
    const server = {
      provide: MetricsServer,
      inject: [Metrics],
      useFactory: (measured: Metrics) => new MetricsServer(measured, address.port, address.host),
    };
    return { module: MetricsModule, providers: [metrics, server] };
  }
}
