import { describe, expect, it } from 'vitest';
import { mintTokenSchema } from '#clarion/protocol';
import { tokensWith } from '../test/token-world.js';
import { MAX_TOKEN_CHARS, type SubscriberTokens } from './subscriber-tokens.js';

const tokens = tokensWith({ tokenSecret: 'a-secret-of-at-least-32-bytes-here' });

/** As it comes over the wire. */
function request(body: unknown): Parameters<SubscriberTokens['mint']>[0] {
  return mintTokenSchema.parse(body);
}

describe('minting', () => {
  it('carries the grants as they were asked for', async () => {
    const { token } = await tokens.mint(
      request({
        sub: 'u-1',
        subscribe: ['a/*', { selector: 'b', historyFrom: '2026-01-01T00:00:00Z' }],
        publish: ['c'],
      }),
    );
    expect(await tokens.verify(token)).toMatchObject({
      subscribe: [
        { selector: 'a/*', historyFrom: 0 },
        { selector: 'b', historyFrom: Date.parse('2026-01-01T00:00:00Z') },
      ],
      publish: ['c'],
    });
  });

  it.each([
    [{ sub: 'a/b' }, 'token.subject_invalid'],
    [{ sub: 'me' }, 'token.subject_invalid'],
    [{ sub: 'u-1', subscribe: ['a', '$sys/load'] }, 'topic.forbidden'],
    [{ sub: 'u-1', subscribe: [{ selector: '$sys/*', historyFrom: '2026-01-01T00:00:00Z' }] }, 'topic.forbidden'],
    [{ sub: 'u-1', publish: ['$sys/load'] }, 'topic.forbidden'],
  ])('refuses %j', async (body, code) => {
    await expect(tokens.mint(request(body))).rejects.toMatchObject({ code });
  });

  it('refuses grants that no token can hold', async () => {
    const subscribe = Array.from({ length: 100 }, (_, i) => `${i}/${'x'.repeat(200)}`);
    await expect(tokens.mint(request({ sub: 'u-1', subscribe }))).rejects.toMatchObject({ code: 'body.invalid' });
    const { token } = await tokens.mint(request({ sub: 'u-1', subscribe: subscribe.slice(0, 25) }));
    expect(token.length).toBeLessThanOrEqual(MAX_TOKEN_CHARS);
  });
});
