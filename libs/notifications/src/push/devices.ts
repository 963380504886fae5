import type { Access, Principal } from '#clarion/access';
import { DomainError, type DeviceView, type InboxChange, type NewDevice } from '#clarion/protocol';
import { isoTime } from '../iso-time.js';
import type { NotificationLog } from '../notification-log.js';
import { personOf } from '../people/person.js';
import type { PreferenceBook } from '../people/preference-book.js';
import type { StoredPreferences } from '../people/preferences.js';
import { viewOf } from './device-health.js';
import { personOfDevice } from './device-person.js';
import type { PushChannel } from './push-channel.js';
import type { PushStore, StoredDevice } from './push-store.js';

/** The devices to which a person wants to be pushed what nobody has noticed. Their page brings them, again whenever it is loaded. */
export class Devices {
  readonly #log: NotificationLog;
  readonly #store: Pick<PushStore, 'devices'>;
  readonly #preferences: Pick<PreferenceBook, 'preferencesOf'>;
  readonly #access: Access;
  readonly #channel: PushChannel | undefined;

  /** @param channel undefined: nothing is pushed here. */
  constructor(
    log: NotificationLog,
    store: Pick<PushStore, 'devices'>,
    preferences: Pick<PreferenceBook, 'preferencesOf'>,
    access: Access,
    channel: PushChannel | undefined,
  ) {
    this.#log = log;
    this.#store = store;
    this.#preferences = preferences;
    this.#access = access;
    this.#channel = channel;
  }

  /** For `applicationServerKey`. @throws {DomainError} `push.unavailable`. */
  publicKey(): string {
    return this.#channelOrThrow().publicKey;
  }

  /**
   * What is published from now on may be pushed to it, as far as the rights of this token go.
   * @throws {DomainError} `credentials.missing`, `right.missing`, `token.invalid`, `push.unavailable`, `endpoint.forbidden`.
   */
  async put(who: Principal, id: string, device: NewDevice): Promise<DeviceView> {
    const { user } = personOf(who, this.#access);
    if (who.kind !== 'subscriber') throw new Error('who is a person has a token');
    const { subscription, name = null, locale = null, timeZone = null } = device;
    this.#channelOrThrow().assertAcceptable(subscription);
    const { endpoint, keys } = subscription;
    const at = Date.now();
    await this.#log.act({
      kind: 'device',
      user,
      at,
      body: bodyOf({ change: 'device', device: { id }, at: isoTime(at) }),
      device: {
        id,
        endpoint,
        p256dh: keys.p256dh,
        auth: keys.auth,
        name,
        locale,
        timeZone,
        subscribe: who.subscribe,
        issuedAt: who.issuedAt ?? null,
      },
    });
    const kept = (await this.list(who)).find((one) => one.id === id);
    // On another page it was removed a moment later.
    if (kept === undefined) throw new DomainError('device.unknown', id);
    return kept;
  }

  /** By id. @throws {DomainError} `credentials.missing`, `right.missing`, `token.invalid`. */
  async list(who: Principal): Promise<DeviceView[]> {
    const { user } = personOf(who, this.#access);
    const [devices, preferences] = await Promise.all([
      this.#store.devices(user),
      this.#preferences.preferencesOf(user),
    ]);
    return devices.map((device) => this.#view(device, preferences));
  }

  /** What waits for it is not sent any more. @throws {DomainError} `device.unknown`; as {@link list}. */
  async remove(who: Principal, id: string): Promise<void> {
    const { user } = personOf(who, this.#access);
    if (!(await this.#remove(user, id, null, 'asked'))) throw new DomainError('device.unknown', id);
  }

  /** Its subscription is no more; the person's other sessions hear of it. @returns false: it is somewhere else by now, or was removed. */
  gone({ user, id, endpoint }: StoredDevice): Promise<boolean> {
    return this.#remove(user, id, endpoint, 'gone');
  }

  async #remove(user: string, id: string, endpoint: string | null, removed: 'asked' | 'gone'): Promise<boolean> {
    const at = Date.now();
    const body = bodyOf({ change: 'device', device: { id, removed }, at: isoTime(at) });
    const { entry } = await this.#log.act({ kind: 'removeDevice', user, at, body, device: id, endpoint });
    return entry !== null;
  }

  #view(device: StoredDevice, preferences: StoredPreferences): DeviceView {
    return viewOf(device, serviceOf(device), {
      isGood: personOfDevice(device, this.#access) !== undefined,
      isAcceptable: this.#isAcceptable(device),
      preferences,
      now: Date.now(),
    });
  }

  #isAcceptable({ endpoint, p256dh, auth }: StoredDevice): boolean {
    try {
      this.#channel?.assertAcceptable({ endpoint, keys: { p256dh, auth } });
      return this.#channel !== undefined;
    } catch (error) {
      if (error instanceof DomainError) return false;
      throw error;
    }
  }

  #channelOrThrow(): PushChannel {
    if (this.#channel === undefined) throw new DomainError('push.unavailable');
    return this.#channel;
  }
}

/** The host: whose service it is; the rest of an endpoint is a secret between it and this server. */
export function serviceOf({ endpoint }: Pick<StoredDevice, 'endpoint'>): string {
  return URL.canParse(endpoint) ? new URL(endpoint).host : '';
}

/** As an entry's body has it: members without braces. */
function bodyOf(change: InboxChange): string {
  return JSON.stringify(change).slice(1, -1);
}
