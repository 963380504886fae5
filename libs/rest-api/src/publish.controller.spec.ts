import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { principalId } from '#clarion/access';
import { batchResultSchema, DomainError, type PublishRequest } from '#clarion/protocol';
import { cursor, PAGE_ORIGIN, restApp, WITH_KEY, type RestApp } from '../test/rest-app.js';

interface Call {
  readonly who: string;
  readonly draft: PublishRequest;
  readonly key: string | undefined;
}

let rest: RestApp;
const calls: Call[] = [];
const OVERLOADED = new DomainError('overloaded', undefined, undefined, { retryAfterMs: 1_500 });
let refusal: DomainError | undefined;

beforeAll(async () => {
  rest = await restApp({
    turnAway: () => refusal,
    publish: async (who, draft, key) => {
      calls.push({ who: principalId(who), draft, key });
      const id = `n-${calls.length}`;
      if (draft.topic === 'forbidden') throw new DomainError('topic.forbidden');
      if (draft.topic === 'bug') throw new TypeError('secret');
      // Later calls end earlier: the answers' order must not depend on it
      await new Promise((resolve) => setTimeout(resolve, 20 - calls.length));
      return { id, ...(draft.ephemeral !== true && { cursor: cursor(id) }), replayed: key === 'seen' };
    },
  });
});

beforeEach(() => {
  calls.length = 0;
  refusal = undefined;
});

afterAll(() => rest.app.close());

function post(payload: object, headers: Record<string, string> = {}, url = '/v1/notifications') {
  return rest.app.inject({ method: 'POST', url, headers: { ...WITH_KEY, ...headers }, payload });
}

describe('publishing one', () => {
  it('answers 201 with the cursor', async () => {
    const answer = await post({ topic: 'a', title: 't' });
    expect([answer.statusCode, answer.json()]).toEqual([201, { id: 'n-1', cursor: 'n-1' }]);
    expect(answer.headers).not.toHaveProperty('idempotency-replayed');
    expect(calls).toEqual([{ who: expect.stringMatching(/^key:/), draft: { topic: 'a', title: 't' }, key: undefined }]);
  });

  it('answers 202 without one when ephemeral', async () => {
    const answer = await post({ topic: 'a', title: 't', ephemeral: true });
    expect([answer.statusCode, answer.json()]).toEqual([202, { id: 'n-1' }]);
  });

  it.each<[string, object, Record<string, string>]>([
    ['header', {}, { 'idempotency-key': 'seen' }],
    ['body', { idempotencyKey: 'seen' }, {}],
    ['both', { idempotencyKey: 'seen' }, { 'idempotency-key': 'seen' }],
  ])('takes the idempotency key from %s, and marks a replay', async (_, body, headers) => {
    const answer = await post({ topic: 'a', title: 't', ...body }, headers);
    expect([answer.statusCode, answer.json()]).toEqual([201, { id: 'n-1', cursor: 'n-1' }]);
    expect(answer.headers['idempotency-replayed']).toBe('true');
    expect(calls[0]?.key).toBe('seen');
  });

  it.each<[string, object, Record<string, string>]>([
    ['that disagree', { idempotencyKey: 'one' }, { 'idempotency-key': 'other' }],
    ['with spaces', {}, { 'idempotency-key': 'a b' }],
    ['too long', {}, { 'idempotency-key': 'k'.repeat(256) }],
    ['that is empty', {}, { 'idempotency-key': '' }],
  ])('refuses keys %s', async (_, body, headers) => {
    const answer = await post({ topic: 'a', title: 't', ...body }, headers);
    expect(answer.json()).toMatchObject({ code: 'body.invalid', errors: [{ pointer: '/idempotencyKey' }] });
    expect(calls).toEqual([]);
  });

  it('publishes nothing of what it refuses', async () => {
    expect((await post({ topic: 'a', title: 't', deliverAt: '2030-01-01T00:00:00Z' })).json()).toMatchObject({
      code: 'field.unsupported',
      errors: [{ pointer: '/deliverAt' }],
    });
    expect((await post({ title: 't' })).json()).toMatchObject({ code: 'body.invalid' });
    expect(calls).toEqual([]);
  });
});

describe('publishing many', () => {
  async function batch(notifications: unknown): Promise<unknown[]> {
    const answer = await post({ notifications }, {}, '/v1/notifications/batch');
    expect(answer.statusCode).toBe(200);
    return batchResultSchema.parse(answer.json()).results;
  }

  it('judges each alone and answers in order', async () => {
    expect(
      await batch([
        { topic: 'a', title: '1' },
        { topic: 'a b', title: '2' },
        { topic: 'forbidden', title: '3' },
        { topic: 'a', title: '4', ephemeral: true, idempotencyKey: 'k' },
        null,
        { topic: 'a', title: '6', deliverAt: 1 },
      ]),
    ).toMatchObject([
      { status: 201, id: 'n-1', cursor: 'n-1' },
      { status: 422, error: { code: 'body.invalid', errors: [{ pointer: '/topic' }] } },
      { status: 403, error: { code: 'topic.forbidden' } },
      { status: 202, id: 'n-3' },
      { status: 422, error: { code: 'body.invalid', errors: [{ pointer: '' }] } },
      { status: 422, error: { code: 'field.unsupported', errors: [{ pointer: '/deliverAt' }] } },
    ]);
    expect(calls.map(({ draft }) => draft.title)).toEqual(['1', '3', '4']);
  });

  it('hands all on in the order of the array', async () => {
    await batch(Array.from({ length: 10 }, (_, i) => ({ topic: 'a', title: `${i}` })));
    expect(calls.map(({ draft }) => draft.title)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });

  it('takes no item larger than a single publish may be', async () => {
    const data = 'x'.repeat(256 * 1024);
    expect(
      await batch([
        { topic: 'a', data },
        { topic: 'a', title: 't' },
      ]),
    ).toMatchObject([{ error: { code: 'body.too_large' } }, { status: 201 }]);
  });

  it('survives a bug in some items, says nothing of it and logs it once', async () => {
    const bug = { topic: 'bug', title: 't' };
    const results = await batch([bug, { topic: 'a', title: 't' }, bug]);
    expect(results).toMatchObject([{ status: 500, error: { code: 'internal' } }, { status: 201 }, { status: 500 }]);
    expect(JSON.stringify(results)).not.toContain('secret');
    expect(rest.errors.splice(0)).toHaveLength(1);
  });

  it.each<[string, object, string]>([
    ['none', { notifications: [] }, '/notifications'],
    ['1,001', { notifications: Array.from({ length: 1_001 }, () => ({ topic: 'a', title: 't' })) }, '/notifications'],
    ['no list', { notifications: {} }, '/notifications'],
    ['an unknown field', { notifications: [{}], more: 1 }, '/more'],
    ['a list alone', [{ topic: 'a', title: 't' }], ''],
  ])('refuses as a whole: %s', async (_, payload, pointer) => {
    const answer = await post(payload, {}, '/v1/notifications/batch');
    expect(answer.json()).toMatchObject({ status: 422, code: 'body.invalid', errors: [{ pointer }] });
    expect(calls).toEqual([]);
  });

  it('is not for nobody', async () => {
    const answer = await rest.app.inject({
      method: 'POST',
      url: '/v1/notifications/batch',
      payload: { notifications: [{}] },
    });
    expect(answer.json()).toMatchObject({ code: 'credentials.missing' });
  });
});

describe('while too many publishes wait', () => {
  it.each(['/v1/notifications', '/v1/notifications/batch'])('POST %s is told to come back, unread', async (url) => {
    refusal = OVERLOADED;
    const answer = await rest.app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', origin: PAGE_ORIGIN },
      payload: '{ no JSON',
    });
    expect([answer.statusCode, answer.json()]).toEqual([
      503,
      expect.objectContaining({ code: 'overloaded', retryAfterMs: 1_500, requestId: expect.any(String) }),
    ]);
    expect(answer.headers).toMatchObject({
      'content-type': expect.stringContaining('application/problem+json'),
      'retry-after': '2',
      'access-control-allow-origin': PAGE_ORIGIN,
    });
    expect(calls).toEqual([]);
  });

  it('all else is answered as ever, and publishes are again as soon as there is room', async () => {
    refusal = OVERLOADED;
    const history = await rest.app.inject({ url: '/v1/notifications?topic=a', headers: WITH_KEY });
    expect(history.statusCode).toBe(200);
    refusal = undefined;
    expect((await post({ topic: 'a', title: 't' })).statusCode).toBe(201);
  });
});
