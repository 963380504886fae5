import { DomainError } from './errors.js';

/** Arrays and objects that may lie within one another. */
export const MAX_JSON_DEPTH = 64;

/**
 * Judges what was parsed already by the rules for request bodies, for transports that bring values instead of bytes. Linear in the
 * size of the value; stops at the first fault.
 * @throws {DomainError} `json.invalid` for depth over 64, keys that could change prototypes, and objects that JSON does not have.
 */
export function assertPlainJson(value: unknown): void {
  const fault = faultIn(value, MAX_JSON_DEPTH);
  if (fault !== undefined) throw new DomainError('json.invalid', fault);
}

/** @param left levels that may still be entered. */
function faultIn(value: unknown, left: number): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (left === 0) return `nested deeper than ${MAX_JSON_DEPTH}`;
  return Array.isArray(value) ? faultAmong(value, left) : faultInside(value, left);
}

function faultAmong(items: readonly unknown[], left: number): string | undefined {
  for (const item of items) {
    const fault = faultIn(item, left - 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultInside(value: object, left: number): string | undefined {
  // Socket.IO brings binary data as buffers.
  if (!isPlain(value)) return 'binary data';
  for (const key in value) {
    const member = value[key];
    if (key === '__proto__' || (key === 'constructor' && hasPrototype(member))) return 'a forbidden key';
    const fault = faultIn(member, left - 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function isPlain(value: object): value is Record<string, unknown> {
  return Object.getPrototypeOf(value) === Object.prototype;
}

function hasPrototype(member: unknown): boolean {
  return typeof member === 'object' && member !== null && Object.hasOwn(member, 'prototype');
}
