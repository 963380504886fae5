import { applyDecorators } from '@nestjs/common';
import type { z } from 'zod';
import { later } from '#clarion/api-docs';
import { ERRORS, problemSchema, type ErrorCode } from '#clarion/protocol';
import { toJsonSchema } from './json-schemas.js';
import { PROBLEM_TYPE } from './problem-reply.js';

/** Documents the request's body. */
export function JsonBody(schema: z.ZodType, { optional = false } = {}): MethodDecorator {
  return later(({ ApiBody }) => ApiBody({ schema: toJsonSchema(schema), required: !optional }));
}

/** Documents a good answer; `headers` are names and meanings of those that it may carry. */
export function JsonAnswer(
  status: number,
  schema: z.ZodType,
  description: string,
  headers: Record<string, string> = {},
): MethodDecorator {
  return later(({ ApiResponse }) =>
    ApiResponse({
      status,
      description,
      content: { 'application/json': { schema: toJsonSchema(schema) } },
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, meaning]) => [name, { description: meaning, schema: { type: 'string' } }]),
      ),
    }),
  );
}

/** Documents a good answer that says nothing more. */
export function NoContent(description: string): MethodDecorator {
  return later(({ ApiResponse }) => ApiResponse({ status: 204, description }));
}

/** Documents the problems that are peculiar to a route; the others are its `default` answer. */
export function Problems(...codes: ErrorCode[]): MethodDecorator {
  const statuses = [...new Set(codes.map((code) => ERRORS[code].status))];
  return applyDecorators(
    ...statuses.map((status) =>
      later(({ ApiResponse }) =>
        ApiResponse({
          status,
          description: codes
            .filter((code) => ERRORS[code].status === status)
            .map((code) => `\`${code}\`: ${ERRORS[code].title}.`)
            .join(' '),
          content: { [PROBLEM_TYPE]: { schema: toJsonSchema(problemSchema) } },
        }),
      ),
    ),
  );
}

/** Documents the query parameters, one for each member of the schema. */
export function QueryOf(schema: z.ZodObject): MethodDecorator {
  return applyDecorators(
    ...Object.entries(schema.shape).map(([name, member]) =>
      later(({ ApiQuery }) => {
        const { description, ...json } = toJsonSchema(member);
        return ApiQuery({
          name,
          required: !member.safeParse(undefined).success,
          schema: json,
          ...(typeof description === 'string' && { description }),
        });
      }),
    ),
  );
}
