import { describe, expect, it } from 'vitest';
import { MAX_BATCH_BYTES } from '#clarion/protocol';
import { Inbox } from './inbox.js';
import type { Request } from './message.js';

function request(op: string, id: number, bytes = 100): Request {
  return { op, id, bytes, body: {} };
}

describe('the inbox of a connection', () => {
  it('keeps the order in which requests came', () => {
    const inbox = new Inbox();
    const sent = ['ping', 'publish', 'publish', 'history'].map((op, id) => request(op, id));
    expect(sent.map((one) => inbox.add(one))).toEqual([true, true, true, true]);
    expect(inbox.first).toBe(sent[0]);
    expect([inbox.take(), inbox.take(), inbox.take(), inbox.take(), inbox.take()]).toEqual([...sent, undefined]);
  });

  it('takes 256 requests beside publishes', () => {
    const inbox = new Inbox();
    for (let id = 0; id < 256; id++) {
      expect(inbox.add(request('publish', id))).toBe(true);
      expect(inbox.add(request('ping', id))).toBe(true);
    }
    expect(inbox.add(request('ping', 256))).toBe(false);
    expect(inbox.add(request('publish', 256))).toBe(true);
    inbox.take();
    expect(inbox.add(request('ping', 256))).toBe(false);
    inbox.take();
    expect(inbox.add(request('ping', 256))).toBe(true);
  });

  it('takes other requests until they have a mebibyte', () => {
    const inbox = new Inbox();
    for (let id = 0; id < 16; id++) expect(inbox.add(request('mark', id, 65_536))).toBe(true);
    expect(inbox.add(request('ping', 16))).toBe(false);
    inbox.take();
    expect(inbox.add(request('ping', 16))).toBe(true);
  });

  it('takes publishes until they have as many bytes as a batch may, and says when it holds any', () => {
    const inbox = new Inbox();
    expect(inbox.holdsPublishes).toBe(false);
    expect(inbox.add(request('publish', 1, MAX_BATCH_BYTES - 1))).toBe(true);
    expect(inbox.add(request('publish', 2, 1))).toBe(true);
    expect(inbox.add(request('publish', 3, 1))).toBe(false);
    expect(inbox.holdsPublishes).toBe(true);
    inbox.take();
    inbox.take();
    expect(inbox.holdsPublishes).toBe(false);
    expect(inbox.add(request('publish', 3, 1))).toBe(true);
    inbox.clear();
    expect([inbox.holdsPublishes, inbox.first]).toEqual([false, undefined]);
  });
});
