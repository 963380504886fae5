import type { z } from 'zod';
import { variablesOf } from './variable.js';

/** The process's environment, or what a test puts in its place. An empty variable counts as absent. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What is wrong with one variable. Never carries the value of a secret. */
export interface ConfigProblem {
  readonly env: string;
  readonly detail: string;
}

export type Reading<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Reads one library's slice of the environment through its schema. */
export function readSection<S extends z.ZodObject>(schema: S, environment: Environment): Reading<z.output<S>> {
  const variables = variablesOf(schema);
  const input = Object.fromEntries(variables.map(({ key, env }) => [key, environment[env] || undefined]));
  const parsed = schema.safeParse(input);
  if (parsed.success) return { ok: true, value: parsed.data };
  const problems = parsed.error.issues.map(({ path, message, code }) => {
    const variable = variables.find(({ key }) => key === path[0]);
    const missing = variable !== undefined && input[variable.key] === undefined && code !== 'custom';
    return {
      env: variable?.env ?? '(configuration)',
      detail: missing && code === 'invalid_type' ? 'is required' : message.replace(', received NaN', ''),
    };
  });
  return { ok: false, problems };
}
