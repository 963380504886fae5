import type { OpenConnection } from '../open-connection.js';

/** By what somebody is there. */
export interface Device {
  /** The client's own name of it; else the connection's, which is as unique as its process. */
  readonly id: string;
  readonly transport: string;
  /** When its connection was opened, milliseconds since 1970. */
  readonly since: number;
}

/** A device as it is told. */
export interface ToldDevice {
  readonly id: string;
  readonly transport: string;
  readonly since: string;
}

/** A person has a few; a service that reads with one token on every screen has more than an answer should list. */
const MAX_DEVICES = 100;

export function deviceOf({
  device,
  kind,
  number,
  transport,
  openedAt,
}: Pick<OpenConnection, 'device' | 'kind' | 'number' | 'transport' | 'openedAt'>): Device {
  return { id: device ?? `${kind}${number}`, transport, since: openedAt };
}

/** Devices by their ids, at most 100, oldest first: of several connections of one device the one that is there longest counts. */
export function tellDevices(devices: Iterable<Device>): ToldDevice[] {
  const oldest = new Map<string, Device>();
  for (const device of devices) if (isOlder(device, oldest.get(device.id))) oldest.set(device.id, device);
  return [...oldest.values()]
    .sort((one, other) => one.since - other.since)
    .slice(0, MAX_DEVICES)
    .map(({ id, transport, since }) => ({ id, transport, since: new Date(since).toISOString() }));
}

function isOlder(device: Device, known: Device | undefined): boolean {
  return known === undefined || device.since < known.since;
}
