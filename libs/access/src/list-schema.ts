import { z } from 'zod';

/** Comma-separated text on the way in, an array on the way out; blanks around its parts and empty parts do not count. */
export function listSchema(fallback: string) {
  return z
    .string()
    .default(fallback)
    .transform((text) => text.split(',').flatMap((part) => part.trim() || []));
}
