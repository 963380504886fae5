import type { z } from 'zod';
import {
  assertPlainJson,
  DomainError,
  messageIdSchema,
  requestSchema,
  toInputErrors,
  type MessageId,
} from '#clarion/protocol';

/** Characters of an operation's name, and of an id. */
const MAX_NAME_CHARS = 64;

/** What a client asks: an operation, and its members. */
export interface Request {
  readonly id: MessageId;
  readonly op: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Of the whole message. */
  readonly bytes: number;
}

/** A message that asks nothing, and what is to be said of it. */
export interface Unreadable {
  /** Null when it had none that could be read. */
  readonly id: MessageId | null;
  readonly error: DomainError;
}

/** Reads one text message: `{ "op", "id", … }`, by the rules for HTTP bodies. Linear in its length; what the members mean is judged later. */
export function readMessage(text: Buffer): Request | Unreadable {
  let json: unknown;
  try {
    json = JSON.parse(text.toString());
    assertPlainJson(json);
    const { id, op, ...body } = isRequest(json) ? json : parseRequest(json);
    return { id, op, body, bytes: text.length };
  } catch (error) {
    return { id: idIn(json), error: expected(error) };
  }
}

/** Lets pass what {@link requestSchema} does, at a fraction of its cost: nearly every message. */
function isRequest(json: unknown): json is z.output<typeof requestSchema> {
  if (typeof json !== 'object' || json === null || !('op' in json && 'id' in json)) return false;
  const { op, id } = json;
  return isName(op) && (isName(id) || Number.isSafeInteger(id));
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_NAME_CHARS;
}

/** @throws {DomainError} `body.invalid`. */
function parseRequest(json: unknown): z.output<typeof requestSchema> {
  const parsed = requestSchema.safeParse(json);
  if (!parsed.success) throw new DomainError('body.invalid', undefined, toInputErrors(parsed.error));
  return parsed.data;
}

function expected(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (error instanceof SyntaxError) return new DomainError('json.invalid');
  throw error;
}

function idIn(json: unknown): MessageId | null {
  const id = typeof json === 'object' && json !== null && 'id' in json ? json.id : undefined;
  return messageIdSchema.safeParse(id).data ?? null;
}
