import { Inject, Logger, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { Egress } from '#clarion/egress';
import { NotificationLog, PUSH_CHANNEL, PUSH_STORE, type PushStore, type VapidKeys } from '#clarion/notifications';
import { makeVapidKeys } from './vapid-keys.js';
import { WebPushChannel } from './web-push.channel.js';
import { isContact, type WebPushConfig } from './web-push.config.js';
import { WorkerAsset } from './worker-asset.js';
import { WorkerController } from './worker.controller.js';

/** Nobody's: for those who have not said whose this server is. */
const NOBODY = 'mailto:operator@clarion.example';
/** How many pushes go to one service at once is the outbox's to say, and always less. */
const MAX_SOCKETS_PER_HOST = 1_000;

/** Web Push as the application's `PUSH_CHANNEL`, and the worker at `/sw.js`. */
@Module({})
export class WebPushModule implements OnApplicationShutdown {
  readonly #egress: Egress;

  constructor(@Inject(Egress) egress: Egress) {
    this.#egress = egress;
  }

  /** Expects `PUSH_STORE` and `NotificationLog` from global modules. */
  static forRoot(config: WebPushConfig): DynamicModule {
    return {
      module: WebPushModule,
      global: true,
      controllers: [WorkerController],
      providers: [
        { provide: WorkerAsset, useFactory: () => WorkerAsset.load() },
        { provide: Egress, useFactory: () => egressOf(config) },
        {
          provide: PUSH_CHANNEL,
          // The keys lie where the log does: it is open once it is there to be injected.
          inject: [Egress, PUSH_STORE, NotificationLog],
          useFactory: (egress: Egress, store: PushStore) => openChannel(egress, store, config),
        },
      ],
      exports: [PUSH_CHANNEL],
    };
  }

  onApplicationShutdown(): void {
    this.#egress.close();
  }
}

function egressOf({ pushHosts, pushTimeoutMs, environment }: WebPushConfig): Egress {
  return new Egress({
    hosts: pushHosts,
    timeoutMs: pushTimeoutMs,
    maxSocketsPerHost: MAX_SOCKETS_PER_HOST,
    loopback: environment === 'test',
  });
}

async function openChannel(
  egress: Egress,
  store: Pick<PushStore, 'keepVapidKeys'>,
  config: WebPushConfig,
): Promise<WebPushChannel> {
  const keys = configuredKeys(config) ?? (await store.keepVapidKeys(makeVapidKeys()));
  return new WebPushChannel(egress, { keys, subject: subjectOf(config), site: config.pushPublicUrl });
}

function configuredKeys({ vapidPublicKey, vapidPrivateKey }: WebPushConfig): VapidKeys | undefined {
  if (vapidPublicKey === undefined || vapidPrivateKey === undefined) return undefined;
  return { publicKey: vapidPublicKey, privateKey: vapidPrivateKey };
}

function subjectOf({ vapidSubject, pushPublicUrl, environment }: WebPushConfig): string {
  if (vapidSubject !== undefined) return vapidSubject;
  if (pushPublicUrl !== undefined && isContact(pushPublicUrl)) return pushPublicUrl;
  if (environment === 'production')
    new Logger(WebPushModule.name).warn('CLARION_VAPID_SUBJECT is not set: push services know nobody to write to');
  return NOBODY;
}
