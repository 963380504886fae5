import { parse } from 'secure-json-parse';
import { DomainError, messageIdSchema, requestSchema, toInputErrors, type MessageId } from '#clarion/protocol';

/** What a client asks: an operation, and its members. */
export interface Request {
  readonly id: MessageId;
  readonly op: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A message that asks nothing, and what is to be said of it. */
export interface Unreadable {
  /** Null when it had none that could be read. */
  readonly id: MessageId | null;
  readonly error: DomainError;
}

/** Reads one text message: `{ "op", "id", … }`. Linear in its length; what the members mean is judged later. */
export function readMessage(text: string): Request | Unreadable {
  const json = parseJson(text);
  if (json instanceof DomainError) return { id: null, error: json };
  const parsed = requestSchema.safeParse(json);
  if (!parsed.success)
    return { id: idIn(json), error: new DomainError('body.invalid', undefined, toInputErrors(parsed.error)) };
  const { id, op, ...body } = parsed.data;
  return { id, op, body };
}

function parseJson(text: string): unknown {
  try {
    return parse(text, { protoAction: 'error', constructorAction: 'error' });
  } catch (error) {
    if (error instanceof SyntaxError) return new DomainError('json.invalid');
    throw error;
  }
}

function idIn(json: unknown): MessageId | null {
  const id = typeof json === 'object' && json !== null && 'id' in json ? json.id : undefined;
  return messageIdSchema.safeParse(id).data ?? null;
}
