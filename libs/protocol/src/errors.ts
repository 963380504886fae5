import { z } from 'zod';

/**
 * Every error that a client can meet, on any transport. Codes are never reused; the table in this library's README is held
 * equal to this one by a test. `retry` says whether the same request can succeed later without being changed; `closeCode` is what a
 * WebSocket that ends for this closes with, and {@link mayComeBack} reads the same advice from it.
 */
export const ERRORS = {
  'json.invalid': { status: 400, title: 'The body is not acceptable JSON', retry: false, closeCode: 4400 },
  'request.invalid': { status: 400, title: 'The request is malformed', retry: false, closeCode: 4400 },
  'cursor.invalid': { status: 400, title: 'The cursor is malformed', retry: false, closeCode: 4400 },
  'credentials.missing': { status: 401, title: 'Credentials are required', retry: false, closeCode: 4401 },
  'token.expired': { status: 401, title: 'The token has expired', retry: false, closeCode: 4401 },
  'token.invalid': { status: 401, title: 'The token is not valid', retry: false, closeCode: 4401 },
  'key.invalid': { status: 401, title: 'The API key is not valid', retry: false, closeCode: 4401 },
  'topic.forbidden': { status: 403, title: 'No right to this topic', retry: false, closeCode: 4403 },
  'right.missing': { status: 403, title: 'These credentials do not allow this', retry: false, closeCode: 4403 },
  'origin.forbidden': { status: 403, title: 'This origin is not allowed', retry: false, closeCode: 4403 },
  'route.unknown': { status: 404, title: 'There is nothing at this address', retry: false, closeCode: 4404 },
  'key.unknown': { status: 404, title: 'There is no such API key', retry: false, closeCode: 4404 },
  'connection.unknown': { status: 404, title: 'There is no such connection', retry: false, closeCode: 4404 },
  'notification.unknown': { status: 404, title: 'There is no such notification', retry: false, closeCode: 4404 },
  'category.unknown': { status: 422, title: 'There is no such category', retry: false, closeCode: 4422 },
  'category.locked': { status: 422, title: 'This category cannot be muted', retry: false, closeCode: 4422 },
  'device.unknown': { status: 404, title: 'There is no such device', retry: false, closeCode: 4404 },
  'push.unavailable': { status: 404, title: 'This server does not push', retry: false, closeCode: 4404 },
  'ticket.unknown': { status: 404, title: 'There is no such ticket', retry: false, closeCode: 4404 },
  'action.unknown': { status: 422, title: 'The notification has no such action', retry: false, closeCode: 4422 },
  'endpoint.forbidden': { status: 422, title: 'This push service is not allowed', retry: false, closeCode: 4422 },
  'notification.over': {
    status: 409,
    title: 'The notification has expired or was retracted',
    retry: false,
    closeCode: 4409,
  },
  'cursor.unknown': { status: 422, title: 'The cursor names no place in this log', retry: false, closeCode: 4422 },
  'method.unsupported': { status: 405, title: 'The resource does not have this method', retry: false, closeCode: 4405 },
  'transport.unavailable': {
    status: 406,
    title: 'This transport is not available here',
    retry: false,
    closeCode: 4406,
  },
  'request.timeout': { status: 408, title: 'The request took too long to arrive', retry: true, closeCode: 4508 },
  'body.too_large': { status: 413, title: 'The body is too large', retry: false, closeCode: 1009 },
  'media_type.unsupported': { status: 415, title: 'The body must be application/json', retry: false, closeCode: 1003 },
  'body.invalid': { status: 422, title: 'The body does not fit the schema', retry: false, closeCode: 4422 },
  'query.invalid': { status: 422, title: 'The query does not fit the schema', retry: false, closeCode: 4422 },
  'field.unsupported': { status: 422, title: 'A field is not supported yet', retry: false, closeCode: 4422 },
  'token.subject_invalid': { status: 422, title: 'The subject cannot be a user id', retry: false, closeCode: 4422 },
  'idempotency.mismatch': {
    status: 422,
    title: 'This idempotency key was used with another body',
    retry: false,
    closeCode: 4422,
  },
  'rate.limited': { status: 429, title: 'Too many requests', retry: true, closeCode: 4529 },
  'header.too_large': { status: 431, title: 'The request headers are too large', retry: false, closeCode: 4431 },
  internal: { status: 500, title: 'The server failed', retry: true, closeCode: 1011 },
  overloaded: { status: 503, title: 'The server has more work than it can take', retry: true, closeCode: 1013 },
  draining: { status: 503, title: 'The server is going away', retry: true, closeCode: 1001 },
} as const satisfies Record<string, { status: number; title: string; retry: boolean; closeCode: number }>;

export type ErrorCode = keyof typeof ERRORS;

/** What is wrong with one place of the input; `pointer` is an RFC 6901 JSON pointer. */
export interface InputError {
  readonly pointer: string;
  readonly detail: string;
}

/** RFC 9457 problem details, with the stable `code` and, for bad input, `errors`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail?: string;
  readonly errors?: readonly InputError[];
  readonly requestId?: string;
  /** Trying again before makes no sense. Milliseconds. */
  readonly retryAfterMs?: number;
}

/** What somebody has used up: `quota` units, as many as a bucket holds and as are refilled within `windowS` seconds; 0: nothing refills it. */
export interface ReachedLimit {
  readonly name: string;
  readonly quota: number;
  readonly windowS: number;
}

/** When to try again, and which limit was reached, if it was one. */
export interface Again {
  readonly retryAfterMs: number;
  readonly limit?: ReachedLimit;
}

export const problemSchema = z
  .object({
    type: z.string().meta({ description: 'A URI reference that names the kind of problem.' }),
    title: z.string(),
    status: z.number().int(),
    code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]).meta({ description: 'Stable, for programs.' }),
    detail: z.string().optional(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
    requestId: z.string().optional(),
    retryAfterMs: z.number().int().nonnegative().optional().meta({ description: 'Wait so long first. Milliseconds.' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details.' });

/** An expected failure, said to the client in the words of its transport. Anything else that is thrown is a bug. */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  constructor(
    readonly code: ErrorCode,
    readonly detail?: string,
    readonly errors?: readonly InputError[],
    readonly again?: Again,
  ) {
    super(detail === undefined ? code : `${code}: ${detail}`);
  }

  toProblem(requestId?: string): Problem {
    const { status, title } = ERRORS[this.code];
    return {
      type: `urn:clarion:problem:${this.code}`,
      title,
      status,
      code: this.code,
      ...(this.detail !== undefined && { detail: this.detail }),
      ...(this.errors !== undefined && { errors: this.errors }),
      ...(requestId !== undefined && { requestId }),
      ...(this.again !== undefined && { retryAfterMs: this.again.retryAfterMs }),
    };
  }
}

/** The issues of a failed Zod parse as our input errors. */
export function toInputErrors(error: z.ZodError): InputError[] {
  return error.issues
    .slice(0, MAX_INPUT_ERRORS)
    .flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys
            .slice(0, MAX_INPUT_ERRORS)
            .map((key) => ({ pointer: toPointer([...issue.path, key]), detail: 'unknown field' }))
        : [{ pointer: toPointer(issue.path), detail: issue.message }],
    );
}

/** An answer to bad input stays small, however bad the input. */
const MAX_INPUT_ERRORS = 20;

function toPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
