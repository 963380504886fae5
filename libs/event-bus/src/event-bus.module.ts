import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { EVENT_BUS, type EventBus } from './event-bus.js';
import { InProcessEventBus } from './in-process-event-bus.js';

/** Provides the bus of a single process as `EVENT_BUS`, to the whole application. */
@Module({})
export class InProcessEventBusModule implements OnApplicationShutdown {
  readonly #bus: EventBus;

  constructor(@Inject(EVENT_BUS) bus: EventBus) {
    this.#bus = bus;
  }

  static forRoot(): DynamicModule {
    return {
      module: InProcessEventBusModule,
      global: true,
      providers: [{ provide: EVENT_BUS, useClass: InProcessEventBus }],
      exports: [EVENT_BUS],
    };
  }

  onApplicationShutdown(): Promise<void> {
    return this.#bus.close();
  }
}
