import { BlockList } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressKey } from './address-key.js';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:0001:0002::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ['unknown', 'unknown'],
])('%s counts as %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});

test('what is no address does not grow', () => {
  expect(addressKey('x'.repeat(10_000))).toHaveLength(64);
});

test('two IPv6 addresses count as one if and only if they are of one /64', () => {
  fc.assert(
    fc.property(fc.ipV6(), fc.ipV6(), fc.boolean(), (one, other, near) => {
      const second = near ? `${addressKey(one).replace('::/64', '')}:1:2:3:4` : other;
      fc.pre(addressKey(one).endsWith('/64') && addressKey(second).endsWith('/64'));
      const network = new BlockList();
      network.addSubnet(one, 64, 'ipv6');
      expect(addressKey(one) === addressKey(second)).toBe(network.check(second, 'ipv6'));
    }),
  );
});
