import type { Receiver } from '../subscription.js';
import { deviceOf, type Device } from './device.js';

/** Who is there by a reader, and with what. */
export interface Presence {
  readonly user: string;
  /** Of the session; unique in this process. */
  readonly number: number;
  readonly device: Device;
}

/** Undefined: nobody is there by it, since it is no session of a person. */
export function presenceOf({ kind, number, who, transport, openedAt, device }: Receiver): Presence | undefined {
  if (kind !== 's' || who?.kind !== 'subscriber') return undefined;
  if (number === undefined || transport === undefined || openedAt === undefined) return undefined;
  return { user: who.sub, number, device: deviceOf({ kind, number, transport, openedAt, device }) };
}
