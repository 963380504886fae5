import { describe, expect, it } from 'vitest';
import { accessConfigSchema } from './access-config.js';

const REQUIRED = { apiKey: 'k'.repeat(16), tokenSecret: 's'.repeat(32) };

describe('accessConfigSchema', () => {
  it('opens nothing unless told', () => {
    expect(accessConfigSchema.parse(REQUIRED)).toMatchObject({
      ...REQUIRED,
      anonymousTopics: [],
      allowedOrigins: [],
      tokenDefaultSubscribe: [],
      tokenDefaultPublish: [],
    });
  });

  it('reads comma lists', () => {
    const config = accessConfigSchema.parse({
      ...REQUIRED,
      anonymousTopics: ' demo/** ,news,',
      allowedOrigins: 'https://App.example:443,http://localhost:*',
    });
    expect(config).toMatchObject({
      anonymousTopics: ['demo/**', 'news'],
      allowedOrigins: ['https://app.example', 'http://localhost:*'],
    });
  });

  it.each([
    [{ apiKey: 'short' }, 'apiKey'],
    [{ tokenSecret: 's'.repeat(31) }, 'tokenSecret'],
    [{ anonymousTopics: 'a b' }, 'anonymousTopics'],
    [{ anonymousTopics: 'users/*' }, 'anonymousTopics'],
    [{ anonymousTopics: '$sys/load' }, 'anonymousTopics'],
    [{ allowedOrigins: '*' }, 'allowedOrigins'],
    [{ allowedOrigins: 'https://a.example,null' }, 'allowedOrigins'],
  ])('refuses %j', (wrong, field) => {
    const parsed = accessConfigSchema.safeParse({ ...REQUIRED, ...wrong });
    expect(parsed.error?.issues.map(({ path }) => path[0])).toEqual([field]);
  });

  it('counts bytes, not characters, of the secret', () => {
    expect(accessConfigSchema.safeParse({ ...REQUIRED, tokenSecret: 'ä'.repeat(16) }).success).toBe(true);
  });

  it('names a variable and a meaning for each field, and marks the secrets', () => {
    const metas = Object.entries(accessConfigSchema.shape).map(([name, field]) => ({ name, ...field.meta() }));
    for (const meta of metas)
      expect(meta).toMatchObject({ env: expect.stringMatching(/^CLARION_[A-Z_]+$/), description: expect.any(String) });
    expect(metas.filter((meta) => 'secret' in meta).map(({ name }) => name)).toEqual([
      'apiKey',
      'tokenSecret',
      'tokenSecretPrevious',
    ]);
  });
});
