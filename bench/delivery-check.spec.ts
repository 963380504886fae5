import { describe, expect, it } from 'vitest';
import { DeliveryCheck } from './delivery-check.js';

type Delivery = readonly [lane: number, sequence: number];

function checkOf(deliveries: readonly Delivery[]): DeliveryCheck {
  const check = new DeliveryCheck(2);
  for (const delivery of deliveries) check.accept(...delivery);
  return check;
}

const SENT = [2, 1];

describe('DeliveryCheck', () => {
  it('finds nothing wrong with every message once, lanes merged in any way', () => {
    expect(
      checkOf([
        [0, 1],
        [0, 2],
        [1, 1],
      ]).verdict(SENT),
    ).toBeNull();
    expect(
      checkOf([
        [1, 1],
        [0, 1],
        [0, 2],
      ]).verdict(SENT),
    ).toBeNull();
  });

  it.each<{ what: string; deliveries: Delivery[] }>([
    {
      what: 'a hole',
      deliveries: [
        [0, 2],
        [1, 1],
      ],
    },
    {
      what: 'a lost end',
      deliveries: [
        [0, 1],
        [1, 1],
      ],
    },
    {
      what: 'a lane that never came',
      deliveries: [
        [0, 1],
        [0, 2],
      ],
    },
    {
      what: 'a repeat',
      deliveries: [
        [0, 1],
        [0, 1],
        [0, 2],
        [1, 1],
      ],
    },
    {
      what: 'a repeated end',
      deliveries: [
        [0, 1],
        [0, 2],
        [1, 1],
        [1, 1],
      ],
    },
    {
      what: 'a reversed order',
      deliveries: [
        [0, 2],
        [0, 1],
        [1, 1],
      ],
    },
    {
      what: 'a phantom',
      deliveries: [
        [0, 1],
        [0, 2],
        [0, 3],
        [1, 1],
      ],
    },
    {
      what: 'a lane that nobody used',
      deliveries: [
        [0, 1],
        [0, 2],
        [1, 1],
        [2, 1],
      ],
    },
  ])('finds $what', ({ deliveries }) => {
    expect(checkOf(deliveries).verdict(SENT)).toMatch(/^lane \d/);
  });

  it('tells readers apart that got the lanes merged differently', () => {
    const first = checkOf([
      [0, 1],
      [0, 2],
      [1, 1],
    ]);
    expect(
      checkOf([
        [0, 1],
        [0, 2],
        [1, 1],
      ]).orderHash,
    ).toBe(first.orderHash);
    expect(
      checkOf([
        [0, 1],
        [1, 1],
        [0, 2],
      ]).orderHash,
    ).not.toBe(first.orderHash);
  });

  it('forgets a run when the next one begins', () => {
    const check = checkOf([[0, 7]]);
    check.reset(1);
    check.accept(0, 1);
    expect([check.received, check.fault, check.verdict([1])]).toEqual([1, null, null]);
  });
});
