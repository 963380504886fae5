import { accessConfigSchema } from '../src/access-config.js';
import { SubscriberTokens } from '../src/subscriber-tokens.js';
import { TokenRevocations } from '../src/token-revocations.js';

/** What reads tokens, configured as the environment would: numbers and lists are text. */
export function tokensWith(
  config: Readonly<Record<string, string>>,
  revocations = new TokenRevocations(),
): SubscriberTokens {
  return new SubscriberTokens(accessConfigSchema.parse({ apiKey: 'an-api-key-for-tests', ...config }), revocations);
}
