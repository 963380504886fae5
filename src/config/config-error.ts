import type { ConfigProblem } from './section.js';

/** A start that cannot be: every problem at once, by variable, without any secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly ConfigProblem[]) {
    super(['The configuration is wrong:', ...problems.map(({ env, detail }) => `  ${env}: ${detail}`)].join('\n'));
  }
}
