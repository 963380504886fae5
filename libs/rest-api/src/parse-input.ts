import type { z } from 'zod';
import { DomainError, toInputErrors } from '#clarion/protocol';

/**
 * The value as its schema has it.
 * @throws {DomainError} `code`, with a pointer to each place that does not fit.
 */
export function parseInput<S extends z.ZodType>(
  code: 'body.invalid' | 'query.invalid',
  schema: S,
  value: unknown,
): z.output<S> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new DomainError(code, undefined, toInputErrors(parsed.error));
  return parsed.data;
}
