import { z } from 'zod';

/** One environment variable, as a field of a library's schema declares it. */
export interface Variable {
  /** The field's key in the parsed configuration. */
  readonly key: string;
  /** The variable's name. */
  readonly env: string;
  readonly description: string;
  /** Its value is never shown. */
  readonly secret: boolean;
  /** As one would write it in the environment; absent when there is none. */
  readonly defaultText: string | undefined;
  readonly required: boolean;
}

/** What every field of a configuration schema says of itself in `.meta()`. */
const declarationSchema = z.object({
  env: z.string().min(1),
  description: z.string().min(1),
  secret: z.boolean().default(false),
});

/**
 * The variables of one schema, in its order.
 * @throws {z.ZodError} when a field does not declare `env` and `description`: a bug of the library.
 */
export function variablesOf(schema: z.ZodObject): Variable[] {
  return Object.entries(schema.shape).map(([key, field]) => {
    const declaration = declarationSchema.parse(z.globalRegistry.get(field) ?? {}, { reportInput: true });
    const absent = z.safeParse(field, undefined);
    return { key, ...declaration, defaultText: asText(absent.data), required: !absent.success };
  });
}

function asText(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value.join(',') || undefined : String(value);
}
