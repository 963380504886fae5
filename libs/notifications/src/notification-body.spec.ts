import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editSchema, parsePublish, type PublishRequest, type Topic } from '#clarion/protocol';
import { editBody, renderNotification, serialiseBody } from './notification-body.js';

const TIME = '2026-11-20T16:00:00.000Z';
const text = fc.string({ minLength: 1, maxLength: 50, unit: 'binary' });
const GO = { id: 'go', title: 'Go', url: '/go' };
const LATER = { id: 'later', title: 'Later' };
const drafts = fc.record(
  {
    type: text,
    title: text,
    body: text,
    data: fc.jsonValue(),
    actions: fc.constantFrom([GO], [GO, LATER]),
    collapseKey: text,
    ephemeral: fc.constant(true),
  },
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
    const draft = { data: 1, title: 't', actions: [LATER], category: 'c', topic: 'a' as Topic, type: 'x' };
    expect(serialiseBody(draft, TIME)).toBe(
      `"type":"x","title":"t","data":1,"actions":[{"id":"later","title":"Later"}],"category":"c","publishedAt":"${TIME}"`,
    );
  });
});

describe('the actions of a notification, after an edit', () => {
  const before = serialiseBody({ topic: 'a' as Topic, title: 't', actions: [GO, LATER] }, TIME);
  const edited = (edit: object): unknown => JSON.parse(`{${editBody(before, editSchema.parse(edit), TIME)}}`);

  it('are those of the edit, or what they were', () => {
    expect(edited({ actions: [LATER] })).toMatchObject({ title: 't', actions: [LATER], updatedAt: TIME });
    expect(edited({ title: 'new' })).toMatchObject({ title: 'new', actions: [GO, LATER] });
  });

  it('are none when they were taken away', () => {
    expect(edited({ actions: null })).not.toHaveProperty('actions');
  });

  it('are not taken away by an empty list, nor two of one id', () => {
    expect(() => edited({ actions: [] })).toThrow();
    expect(() => edited({ actions: [GO, GO] })).toThrow();
  });
});
