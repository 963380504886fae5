import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { PushMessage } from '#clarion/notifications';
import { closeMessage, showMessage } from '../../../test/support/push-messages.js';
import { MAX_PLAINTEXT_BYTES, payloadOf, type PayloadTarget } from './push-payload.js';

const GOOGLE: PayloadTarget = { host: 'fcm.googleapis.com', site: undefined };
const SAFARI: PayloadTarget = { host: 'web.push.apple.com', site: 'https://app.example/' };

/** As a declarative message must be (W3C Push API), with what is ours beside it. */
const showSchema = z.object({
  web_push: z.literal(8030),
  notification: z.object({
    title: z.string().min(1),
    body: z.string().optional(),
    navigate: z.string().min(1),
    tag: z.string(),
    icon: z.string().optional(),
    timestamp: z.number(),
    actions: z.array(z.object({ action: z.string(), title: z.string(), navigate: z.string() })),
    data: z.object({ clarion: z.looseObject({ v: z.literal(1), kind: z.literal('show') }) }).optional(),
  }),
  app_badge: z.number().optional(),
  mutable: z.literal(true),
  clarion: z.looseObject({
    v: z.literal(1),
    kind: z.literal('show'),
    id: z.string(),
    tag: z.string(),
    ticket: z.string(),
    topic: z.string().optional(),
    url: z.string().optional(),
    data: z.unknown().optional(),
    category: z.string().optional(),
    actions: z.array(z.object({ id: z.string(), title: z.string(), url: z.string().optional() })),
    publishedAt: z.string(),
  }),
});

function show(more: Parameters<typeof showMessage>[0], target = GOOGLE) {
  const bytes = payloadOf(showMessage(more), target);
  expect(bytes.length).toBeLessThanOrEqual(MAX_PLAINTEXT_BYTES);
  return {
    bytes: bytes.length,
    ...showSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))),
  };
}

function json(message: PushMessage, target: PayloadTarget): unknown {
  return JSON.parse(payloadOf(message, target).toString());
}

const actions = [
  { id: 'track', title: 'Track', url: '/orders/42/track' },
  { id: 'mute', title: 'Mute' },
];

describe('what is shown', () => {
  it('is said for workers and, once more, for browsers that read it by themselves', () => {
    const own = {
      v: 1,
      kind: 'show',
      id: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
      tag: 'orders/42',
      topic: 'users/u-1',
      ticket: 'a-ticket-of-22-letters',
      url: '/orders/42',
      actions,
    };
    const message = showMessage({
      actions,
      collapseKey: 'orders/42',
      category: 'orders',
      icon: '/i.png',
      data: { n: 1 },
    });
    expect(json(message, SAFARI)).toEqual({
      web_push: 8030,
      notification: {
        title: 'Order 42 has shipped',
        body: 'It arrives tomorrow.',
        navigate: 'https://app.example/orders/42',
        tag: 'orders/42',
        icon: 'https://app.example/i.png',
        timestamp: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
        app_badge: 3,
        actions: [
          { action: 'track', title: 'Track', navigate: 'https://app.example/orders/42/track' },
          { action: 'mute', title: 'Mute', navigate: 'https://app.example/orders/42' },
        ],
        data: { clarion: own },
      },
      app_badge: 3,
      mutable: true,
      clarion: { ...own, category: 'orders', data: { n: 1 }, publishedAt: '2026-01-02T03:04:05.678Z' },
    });
  });

  it('leads where it says, to the site or to a path of the worker’s own', () => {
    const navigate = (url: string | undefined, site: string | undefined) =>
      show({ url }, { host: 'x.example', site }).notification.navigate;
    expect(navigate('/a?b#c', undefined)).toBe('/a?b#c');
    expect(navigate(undefined, undefined)).toBe('/');
    expect(navigate('https://other.example/a', 'https://app.example/')).toBe('https://other.example/a');
    expect(navigate('/a?b#c', 'https://app.example/shop/')).toBe('https://app.example/a?b#c');
    expect(navigate(undefined, 'https://app.example/')).toBe('https://app.example/');
  });

  it('has a title, whatever was published', () => {
    const text = (more: object) => {
      const { title, body } = show({ title: undefined, body: undefined, ...more }).notification;
      return { title, body };
    };
    expect(text({ title: 'A', body: 'B' })).toEqual({ title: 'A', body: 'B' });
    expect(text({ title: 'A', body: '' })).toEqual({ title: 'A' });
    expect(text({ body: 'short' })).toEqual({ title: 'short' });
    const long = text({ body: 'word '.repeat(40) });
    expect(long.title).toMatch(/^(?:word ){15}word…$/);
    expect(long.body).toBe('word '.repeat(40));
    expect(text({})).toEqual({ title: 'users/u-1' });
  });

  it('says nothing of the badge when nothing is known of it', () => {
    expect(show({ unread: undefined })).not.toHaveProperty('app_badge');
    expect(show({ unread: 0 }).app_badge).toBe(0);
  });
});

describe('what is too long', () => {
  it('leaves out what nobody sees first, and says no less than fits', () => {
    const data = { blob: 'x'.repeat(2_500) };
    const icon = `https://cdn.example/${'i'.repeat(900)}`;
    const all = show({ data, icon });
    expect(all.clarion.data).toEqual(data);
    expect(all.notification.data).toBeUndefined();
    const noData = show({ data, icon, body: 'b'.repeat(700) });
    expect(noData.clarion.data).toBeUndefined();
    expect(noData.notification.icon).toBe(icon);
    const noIcon = show({ data, icon, body: 'b'.repeat(3_100) });
    expect(noIcon.notification.icon).toBeUndefined();
    expect(noIcon.notification.body).toHaveLength(3_100);
    const halved = show({ data, icon, actions, body: 'b'.repeat(5_000) });
    expect(halved.notification.body).toMatch(/^b{3000,}…$/);
    expect(halved.bytes).toBeGreaterThan(MAX_PLAINTEXT_BYTES - 8);
  });

  it('is repeated for Safari, where nothing else would tell the worker, as long as anything else can be left out', () => {
    const safari = show({ body: 'b'.repeat(9_000), actions }, SAFARI);
    expect(safari.notification.data?.clarion).toMatchObject({ id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' });
    expect(safari.notification.body).toMatch(/^b{2000,}…$/);
  });

  it('is shorter each time, and says who it was to the last', () => {
    const message = {
      title: 'A title that is rather long',
      body: 'b'.repeat(900),
      actions,
      category: 'orders',
      data: [1],
    };
    const steps = [0, 1, 2, 3, 4, 5].map((shortened) => show({ ...message, shortened }));
    const bytes = steps.map((step) => step.bytes);
    expect(bytes).toEqual(bytes.toSorted((a, b) => b - a));
    const [first = 0, second = 0] = bytes;
    const least = show({ ...message, shortened: 40 }).bytes;
    expect(second).toBeLessThanOrEqual(least + (first - least) / 2);
    for (const { notification, clarion } of steps) {
      expect(notification.title).toMatch(/^A title/);
      expect(clarion).toMatchObject({ id: '01ARZ3NDEKTSV4RRFFQ69G5FAV', ticket: 'a-ticket-of-22-letters' });
    }
    expect(least).toBeLessThan(500);
  });

  it('is cut between characters as people see them', () => {
    for (const one of ['👨‍👩‍👧‍👦', '🇦🇹', 'e\u0301', 'क्षि', '각', '👍🏽']) {
      const { body = '' } = show({ body: one.repeat(3_000) }).notification;
      expect(body.endsWith('…')).toBe(true);
      expect(body.slice(0, -1).replaceAll(one, '')).toBe('');
      expect(body.length).toBeGreaterThan(100);
    }
  });

  it('fits, and can be read, whatever is published', { timeout: 30_000 }, () => {
    const units = ['x', 'ü', '\u0000', '\ud800', '"', '\u0301', '👩‍', '👨‍👩‍👧 ', '漢'];
    const text = (maxLength: number) =>
      fc
        .tuple(fc.string({ unit: 'binary', maxLength: 20 }), fc.constantFrom(...units), fc.nat({ max: maxLength }))
        .map(([some, unit, times]) => `${some}${unit.repeat(times)}`.slice(0, maxLength));
    const link = text(2_000).map((path) => `/${path}`);
    const messages = fc.record({
      title: fc.option(
        text(1_024).filter((title) => title !== ''),
        { nil: undefined },
      ),
      body: fc.option(text(9_000), { nil: undefined }),
      url: fc.option(link, { nil: undefined }),
      icon: fc.option(link, { nil: undefined }),
      data: fc.oneof(fc.constant(undefined), fc.jsonValue(), fc.constant('x'.repeat(9_000))),
      category: fc.option(fc.constant('c'.repeat(64)), { nil: undefined }),
      collapseKey: fc.option(
        text(255).filter((key) => key !== ''),
        { nil: undefined },
      ),
      topic: fc.constantFrom('users/u-1', 't'.repeat(255)),
      actions: fc.array(fc.record({ id: fc.constant('an-id'), title: text(128), url: link }), { maxLength: 8 }),
      shortened: fc.nat({ max: 5 }),
    });
    fc.assert(
      fc.property(messages, fc.constantFrom(GOOGLE, SAFARI), (message, target) => {
        expect(show(message, target).notification.title).not.toBe('');
      }),
      { numRuns: 20 },
    );
  });
});

describe('what is closed', () => {
  it('is named, by what the device knows it by', () => {
    const message = closeMessage([{ id: 'a' }, { id: 'b', collapseKey: 'k' }]);
    expect(json(message, GOOGLE)).toEqual({
      app_badge: 0,
      mutable: true,
      clarion: { v: 1, kind: 'close', tags: ['a', 'k'], ids: ['a', 'b'] },
    });
  });

  it('is replaced for Safari, which takes nothing that shows nothing', () => {
    expect(json(closeMessage([{ id: 'a' }, { id: 'b' }]), SAFARI)).toMatchObject({
      web_push: 8030,
      notification: { title: 'Read on another device', navigate: 'https://app.example/', tag: 'a', silent: true },
      clarion: { kind: 'close', tags: ['a', 'b'] },
    });
  });

  it('is as much as fits', () => {
    const closed = Array.from({ length: 500 }, (_, i) => ({ id: `id-${i}-${'x'.repeat(20)}` }));
    const bytes = payloadOf(closeMessage(closed), SAFARI);
    expect(bytes.length).toBeLessThanOrEqual(MAX_PLAINTEXT_BYTES);
    expect(bytes.length).toBeGreaterThan(MAX_PLAINTEXT_BYTES - 100);
  });
});
