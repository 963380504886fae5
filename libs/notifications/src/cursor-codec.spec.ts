import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isCursor } from '#clarion/protocol';
import { CursorCodec } from './cursor-codec.js';

const codec = new CursorCodec(randomBytes(32));
const epoch = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const offset = fc.integer({ min: 0, max: 2 ** 48 - 1 });

test('a position survives the way through its cursor, which every node with the key writes alike', () => {
  const key = randomBytes(32);
  const [one, other] = [new CursorCodec(key), new CursorCodec(key)];
  fc.assert(
    fc.property(epoch, offset, (id, at) => {
      const cursor = one.encode({ epoch: id, offset: at });
      expect(isCursor(cursor)).toBe(true);
      expect(other.encode({ epoch: id, offset: at })).toBe(cursor);
      expect(other.decode(cursor)).toEqual({ epoch: id, offset: at });
    }),
  );
});

test('many positions at once have the cursors that each has alone', () => {
  const position = fc.record({ epoch: fc.oneof(fc.constant('00000000000000aa'), epoch), offset });
  fc.assert(
    fc.property(fc.array(position), (positions) => {
      expect(codec.encodeAll(positions)).toEqual(positions.map((one) => codec.encode(one)));
      expect(codec.encodeAll(positions).map((cursor) => codec.decode(cursor))).toEqual(positions);
    }),
  );
});

test('text that no cursor of this key is decodes to nothing', () => {
  const foreign = new CursorCodec(randomBytes(32)).encode({ epoch: '00000000000000aa', offset: 7 });
  const others = ['', '1', 'earliest', '1AAAA', '2' + foreign.slice(1), `${foreign}A`, '1' + 'A'.repeat(63), '1é'];
  expect(others.filter((text) => codec.decode(text) !== undefined)).toEqual([]);
  fc.assert(fc.property(fc.string({ maxLength: 80 }), (text) => void codec.decode(text)));
});

test('neighbours do not look alike: nobody reads from cursors how much was published between them', () => {
  const cursors = Array.from({ length: 1_000 }, (_, at) => codec.encode({ epoch: '00000000000000aa', offset: at }));
  const shared = cursors
    .slice(1)
    .map((cursor, i) => [...cursor].filter((char, place) => char === cursors[i]![place]).length);
  // The version; by chance one character in 64, and one in four at the end, which has two bits.
  expect(shared.reduce((sum, count) => sum + count, 0) / shared.length).toBeLessThan(1.75);
});
