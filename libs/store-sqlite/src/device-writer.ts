import type { ActResult, DeviceAct, RemoveDeviceAct, RenewDeviceAct, StoredDevice } from '#clarion/notifications';
import { MAX_DEVICES } from '#clarion/protocol/plain';
import { integer, text, type Connection, type Row, type SqlValue } from './connection.js';
import { DeviceRemover } from './device-remover.js';
import { hostOf, toDevice } from './device-row.js';
import type { EntryWriter } from './entry-writer.js';
import type { KnownDevices } from './known-devices.js';
import { addPersonal } from './personal-entry.js';
import { prepareAll, type Prepared } from './prepared.js';
import { PUSH_QUERIES } from './push-queries.js';
import { PushQueues, type QueueOf } from './push-queues.js';

const NAMES = ['device', 'deviceAt', 'verifiedOf', 'insertDevice', 'updateDevice'] as const;
const NOTHING: ActResult = { outcome: 'acted', entry: null };
/** Of what a browser is pushed by. */
const SUBSCRIPTION = ['endpoint', 'p256dh', 'auth'] as const;
/** What a person's other devices hear of. */
const TOLD = [...SUBSCRIPTION, 'name', 'locale', 'timeZone'] as const;

/** Devices come, are brought again, and go. */
export class DeviceWriter {
  readonly #entries: EntryWriter;
  readonly #devices: KnownDevices;
  readonly #remover: DeviceRemover;
  readonly #queues: PushQueues;
  readonly #sql: Prepared<(typeof NAMES)[number]>;

  constructor(connection: Connection, entries: EntryWriter, devices: KnownDevices) {
    this.#entries = entries;
    this.#devices = devices;
    this.#remover = new DeviceRemover(connection, devices);
    this.#queues = new PushQueues(connection);
    this.#sql = prepareAll(connection, PUSH_QUERIES, NAMES);
  }

  put(id: string, act: DeviceAct): ActResult {
    this.#takeFromOthers(act);
    const known = this.#find(act.user, act.device.id);
    if (known === undefined) this.#insert(act);
    else this.#update(known, act);
    const isTold = known === undefined || TOLD.some((member) => known[member] !== act.device[member]);
    return isTold ? { outcome: 'acted', entry: addPersonal(this.#entries, id, act) } : NOTHING;
  }

  renew(id: string, act: RenewDeviceAct): ActResult {
    const { user, device, since, subscription } = act;
    const known = this.#find(user, device);
    if (
      known === undefined ||
      known.since !== since ||
      this.#otherAt(subscription.endpoint, user, device) !== undefined
    )
      return { outcome: 'refused', code: 'ticket.unknown' };
    if (SUBSCRIPTION.every((member) => known[member] === subscription[member])) return NOTHING;
    return this.put(id, { ...act, kind: 'device', device: { ...known, ...subscription } });
  }

  remove(id: string, act: RemoveDeviceAct): ActResult {
    const { user, device, endpoint, at } = act;
    const known = this.#find(user, device);
    if (known === undefined || (endpoint !== null && endpoint !== known.endpoint)) return NOTHING;
    this.#remover.remove({ user, device }, at);
    return { outcome: 'acted', entry: addPersonal(this.#entries, id, act) };
  }

  #find(user: string, id: string): StoredDevice | undefined {
    const row = this.#sql.device.get([user, id]);
    return row === undefined ? undefined : toDevice(row);
  }

  /** One browser, of which somebody else made use before, or which has forgotten its id. */
  #takeFromOthers({ user, at, device: { id, endpoint } }: DeviceAct): void {
    const other = this.#otherAt(endpoint, user, id);
    if (other !== undefined) this.#remover.remove(other, at);
  }

  /** Whose an endpoint is, if not this device's. */
  #otherAt(endpoint: string, user: string, id: string): QueueOf | undefined {
    const row = this.#sql.deviceAt.get([endpoint]);
    if (row === undefined || (text(row, 0) === user && text(row, 1) === id)) return undefined;
    return { user: text(row, 0), device: text(row, 1) };
  }

  #insert(act: DeviceAct): void {
    const { user, at, device } = act;
    this.#sql.insertDevice.run([...cellsOf(act), user, device.id, this.#entries.lastOffset, at]);
    this.#devices.changed();
    this.#removeTooMany(act);
  }

  #update({ endpoint }: StoredDevice, act: DeviceAct): void {
    const { user, at, device } = act;
    this.#sql.updateDevice.run([...cellsOf(act), user, device.id]);
    if (endpoint === device.endpoint) return;
    this.#queues.move({ user, device: device.id }, hostOf(device.endpoint), at);
    this.#queues.refresh();
  }

  #removeTooMany({ user, at, device }: DeviceAct): void {
    const others = this.#sql.verifiedOf.all([user]).filter((row) => text(row, 0) !== device.id);
    const oldest = others.toSorted((a, b) => integer(a, 1) - integer(b, 1));
    for (const row of oldest.slice(0, Math.max(0, others.length + 1 - MAX_DEVICES)))
      this.#remover.remove(queueOf(user, row), at);
  }
}

function queueOf(user: string, row: Row): QueueOf {
  return { user, device: text(row, 0) };
}

function cellsOf({ at, device }: DeviceAct): SqlValue[] {
  const { endpoint, p256dh, auth, name, locale, timeZone, subscribe, issuedAt } = device;
  return [endpoint, hostOf(endpoint), p256dh, auth, name, locale, timeZone, JSON.stringify(subscribe), issuedAt, at];
}
