import { describe, expect, it } from 'vitest';
import { DeliveryCheck } from './delivery-check.js';
import { topicOf } from './layout.js';

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

  describe('of a reader of topics 1 and 3 of 5', () => {
    /** Lane 0 goes round 0, 1, 2, 3, 4, 0, …; lane 1 begins at topic 1. */
    const OWN: readonly Delivery[] = [
      [0, 2],
      [1, 1],
      [0, 4],
      [1, 3],
      [0, 7],
    ];
    const check = (deliveries: readonly Delivery[]): DeliveryCheck => {
      const result = new DeliveryCheck(2, { topics: 5, own: [1, 3] });
      for (const delivery of deliveries) result.accept(...delivery);
      return result;
    };

    it('wants what is on these, and nothing else', () => {
      expect(check(OWN).verdict([8, 5])).toBeNull();
      expect(check([...OWN, [1, 5]]).verdict([8, 5])).toBe('lane 1: expected 6, got 5');
      expect(check(OWN).verdict([9, 5])).toBe('lane 0: 9 sent, all before 9 received');
      expect(check(OWN).verdict([8, 6])).toBe('lane 1: 6 sent, all before 6 received');
    });

    it('knows how many that are', () => {
      const byCounting = (sent: readonly number[]): number =>
        sent.flatMap((count, lane) =>
          Array.from({ length: count }, (_, index) => topicOf(lane, index + 1, 5)).filter(
            (topic) => topic === 1 || topic === 3,
          ),
        ).length;
      for (let first = 0; first < 12; first++)
        for (let second = 0; second < 12; second++)
          expect(check([]).expected([first, second])).toBe(byCounting([first, second]));
    });
  });

  it('forgets a run when the next one begins', () => {
    const check = checkOf([[0, 7]]);
    check.reset(1);
    check.accept(0, 1);
    expect([check.received, check.fault, check.verdict([1])]).toEqual([1, null, null]);
  });
});
