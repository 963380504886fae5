import { expect, test } from 'vitest';
import type { InboxSource } from '#clarion/notifications';
import { SourcesReader, packSources } from './packed-sources.js';

function sourcesOf(person: string, count: number): InboxSource[] {
  return Array.from({ length: count }, (_, i) => ({
    topic: `${person}/topic-${i}`,
    after: i,
    upTo: i % 2 === 0 ? null : 99_999,
    publishedFrom: i % 3,
  }));
}

test.for([0, 1, 1_000])('%i sources are what they were', (count) => {
  const sources = sourcesOf('u', count);
  const reader = new SourcesReader();
  expect([reader.read(packSources(sources)), reader.read(packSources(sources))]).toEqual([sources, sources]);
});

test('many sources that are asked for again are not unpacked again', () => {
  const reader = new SourcesReader();
  const read = (person: string): readonly InboxSource[] => reader.read(packSources(sourcesOf(person, 1_000)));
  const first = read('u');
  expect(read('u')).toBe(first);
  expect(read('v')).toEqual(sourcesOf('v', 1_000));
  expect(read('u')).toBe(first);
});

test('whoever was asked for longest ago is forgotten', () => {
  const reader = new SourcesReader();
  const read = (person: number): readonly InboxSource[] => reader.read(packSources(sourcesOf(`u-${person}`, 1_000)));
  const [first, second] = [read(1), read(2)];
  for (let person = 3; person < 99; person++) {
    read(person);
    expect(read(1)).toBe(first);
  }
  expect(read(2)).not.toBe(second);
  expect(read(2)).toEqual(second);
});
