import { z } from 'zod';

export type JsonSchema = Record<string, unknown>;

/** Where a document keeps its schemas, as the beginning of their references. */
export const COMPONENTS = '#/components/schemas/';

/** A schema as clients send and see it, with references to {@link COMPONENTS} for everything that has an id. */
export function toJsonSchema(schema: z.ZodType): JsonSchema {
  const { $defs: _, ...own } = convert(schema);
  return own;
}

/** All schemas with an id that the given ones are made of, by id. */
export function componentSchemas(roots: readonly z.ZodType[]): Record<string, JsonSchema> {
  return Object.assign({}, ...roots.map((root) => convert(root).$defs ?? {}));
}

/** Of what we read, defaults may be absent; of what we write nothing is transformed: so both sides are the input's. */
function convert(schema: z.ZodType): JsonSchema & { $defs?: Record<string, JsonSchema> } {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input' });
  return JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', `"${COMPONENTS}`));
}
