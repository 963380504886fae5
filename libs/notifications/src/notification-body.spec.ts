import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePublish, type PublishRequest, type Topic } from '#clarion/protocol';
import { renderNotification, serialiseBody } from './notification-body.js';

const TIME = '2026-11-20T16:00:00.000Z';
const text = fc.string({ minLength: 1, maxLength: 50, unit: 'binary' });
const drafts = fc.record(
  { type: text, title: text, body: text, data: fc.jsonValue(), collapseKey: text, ephemeral: fc.constant(true) },
  { requiredKeys: ['type', 'ephemeral'] },
);

/** What a reader gets of it. */
function shown(draft: PublishRequest): unknown {
  return JSON.parse(renderNotification({ id: 'n', body: serialiseBody(draft, TIME) }, 'c', 'a/b' as Topic));
}

describe('the body of a notification', () => {
  it('is what was published, whatever that is', () => {
    fc.assert(
      fc.property(drafts, (fields) => {
        const draft = parsePublish({ topic: 'secret', topics: ['others'], idempotencyKey: 'k', ...fields });
        const sent = { id: 'n', cursor: 'c', topic: 'a/b', ...fields, publishedAt: TIME };
        // JSON has no -0.
        expect(shown(draft)).toEqual(JSON.parse(JSON.stringify(sent)));
      }),
    );
  });

  it.each([false, null, 0, ''])('keeps the data %j', (data) => {
    expect(shown({ topic: 'a' as Topic, data })).toMatchObject({ data });
  });

  it('does not say of durable ones that they are', () => {
    expect(shown({ topic: 'a' as Topic, title: 't', ephemeral: false })).not.toHaveProperty('ephemeral');
  });

  it('has its members in one order', () => {
    const draft = { data: 1, title: 't', topic: 'a' as Topic, type: 'x' };
    expect(serialiseBody(draft, TIME)).toBe(`"type":"x","title":"t","data":1,"publishedAt":"${TIME}"`);
  });
});
