import { Inject, Logger, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { Access } from '#clarion/access';
import { EVENT_BUS, type EventBus } from '#clarion/event-bus';
import {
  DELIVERY_WITNESS,
  HIDDEN_PEOPLE,
  LastSeen,
  LIVE_RULES,
  NotificationLog,
  PEOPLE_COMMANDS,
  REACH,
  SUMMARIES,
  TopicHistories,
  type Summaries,
} from '#clarion/notifications';
import { Gateways } from './gateways.js';
import { NO_PEOPLE, type People } from './people.js';
import { Realtime } from './realtime.js';
import type { RealtimeConfig } from './realtime.config.js';
import { UpgradeRouter } from './upgrade-router.js';

const PEOPLE = Symbol('People');

/** Sessions, fan-out and the gateway seam, over whichever gateways the application brings. */
@Module({})
export class RealtimeModule implements OnApplicationShutdown {
  readonly #realtime: Realtime;

  constructor(@Inject(Realtime) realtime: Realtime) {
    this.#realtime = realtime;
  }

  static forRoot(config: RealtimeConfig): DynamicModule {
    return {
      module: RealtimeModule,
      global: true,
      providers: [
        Gateways,
        UpgradeRouter,
        {
          provide: PEOPLE,
          inject: [
            LastSeen,
            optional(LIVE_RULES),
            optional(DELIVERY_WITNESS),
            optional(PEOPLE_COMMANDS),
            optional(HIDDEN_PEOPLE),
            optional(SUMMARIES),
          ],
          useFactory: peopleOf,
        },
        {
          provide: Realtime,
          inject: [NotificationLog, EVENT_BUS, Access, TopicHistories, PEOPLE],
          useFactory: (
            log: NotificationLog,
            bus: EventBus,
            access: Access,
            histories: TopicHistories,
            people: People,
          ) => startRealtime(log, bus, access, histories, config, people),
        },
        { provide: REACH, inject: [Realtime], useFactory: ({ reach }: Realtime) => reach },
      ],
      exports: [Gateways, REACH, Realtime, UpgradeRouter],
    };
  }

  onApplicationShutdown(): void {
    this.#realtime.stop();
  }
}

async function startRealtime(
  log: NotificationLog,
  bus: EventBus,
  access: Access,
  histories: TopicHistories,
  config: RealtimeConfig,
  people: People,
): Promise<Realtime> {
  const logger = new Logger(Realtime.name);
  const onError = (error: unknown, about: string): void => logger.error({ error, about });
  const realtime = new Realtime(log, bus, access, histories, config, onError, people);
  await realtime.start();
  return realtime;
}

function optional(token: symbol): { token: symbol; optional: true } {
  return { token, optional: true };
}

/** What the application does not provide is as if nothing were kept of people. */
function peopleOf(
  lastSeen: LastSeen,
  rules = NO_PEOPLE.rules,
  witness = NO_PEOPLE.witness,
  commands = NO_PEOPLE.commands,
  hidden = NO_PEOPLE.hidden,
  summaries?: Summaries,
): People {
  return { rules, witness, commands, hidden, lastSeen, summaries };
}
