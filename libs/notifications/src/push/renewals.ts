import type { Access } from '#clarion/access';
import { DomainError, type InboxChange, type RenewedSubscription } from '#clarion/protocol';
import { isoTime } from '../iso-time.js';
import type { NotificationLog } from '../notification-log.js';
import { personOfDevice } from './device-person.js';
import type { PushChannel } from './push-channel.js';
import type { PushStore, StoredDevice } from './push-store.js';

/**
 * What browsers subscribe anew while no page is open: their worker has no token, but tickets that came with earlier pushes.
 *
 * Any ticket of the device is good for as long as its notification is kept, not only the newest: when a subscription ends, the newest pushes went to
 * where nobody hears them any more, so that the newest ticket is just the one that the device does not have. Nobody else can have an old one: it is made
 * here, is encrypted for the device, and comes back over TLS; it is in no log, no export and no answer. Whoever reads the device's own storage
 * can use it, as they could the subscription itself: the person's other sessions hear of each renewal, whatever it was, and the next page that is
 * opened there takes the device back. To say the same again changes nothing.
 */
export class Renewals {
  readonly #log: NotificationLog;
  readonly #store: Pick<PushStore, 'ticket' | 'devices'>;
  readonly #access: Access;
  readonly #channel: PushChannel | undefined;

  /** @param channel undefined: nothing is pushed here. */
  constructor(
    log: NotificationLog,
    store: Pick<PushStore, 'ticket' | 'devices'>,
    access: Access,
    channel: PushChannel | undefined,
  ) {
    this.#log = log;
    this.#store = store;
    this.#access = access;
    this.#channel = channel;
  }

  /**
   * The device to which the ticket came has this subscription from now on; its rights, and all else, are as they were. Resolves when it is on disk.
   * @throws {DomainError} `push.unavailable`; `ticket.unknown`, also when the device was removed, or removed and brought again since, when the
   * token was voided by which it came, and when the subscription is another device's by now; `endpoint.forbidden`.
   */
  async renew({ ticket, subscription }: RenewedSubscription): Promise<void> {
    if (this.#channel === undefined) throw new DomainError('push.unavailable');
    const { user, id, since } = await this.#deviceOf(ticket);
    this.#channel.assertAcceptable(subscription);
    const { endpoint, keys } = subscription;
    const at = Date.now();
    const change: InboxChange = { change: 'device', device: { id }, at: isoTime(at) };
    await this.#log.act({
      kind: 'renewDevice',
      user,
      at,
      body: JSON.stringify(change).slice(1, -1),
      device: id,
      since,
      subscription: { endpoint, p256dh: keys.p256dh, auth: keys.auth },
    });
  }

  async #deviceOf(ticket: string): Promise<StoredDevice> {
    const holder = await this.#store.ticket(ticket);
    const devices = holder === undefined ? [] : await this.#store.devices(holder.user);
    const device = devices.find(({ id }) => id === holder?.device);
    // What came before the device did was for another one of that name.
    const isIts = holder !== undefined && device !== undefined && holder.entry.offset > device.since;
    if (!isIts || personOfDevice(device, this.#access) === undefined) throw new DomainError('ticket.unknown');
    return device;
  }
}
