import type { Figure } from './findings.js';

/** What one line of the targets came to. */
export interface Verdict {
  /** The number of the target in the issue, 1–8. */
  readonly target: number;
  readonly what: string;
  readonly verdict: 'met' | 'not met' | 'not measured';
  /** The figures compared, and how they compare. */
  readonly figures: string;
}

/** Two figures of one run: `ours` against `theirs`. Null: not measured, and then nothing is met. */
export interface Comparison {
  readonly target: number;
  readonly what: string;
  readonly ours: Figure | null;
  readonly theirs: Figure | null;
  /** `ours / theirs` must be at least, or at most, this. */
  readonly atLeast?: number;
  readonly atMost?: number;
  /** May be added to what `atMost` allows, in the unit of the figures. */
  readonly allowance?: Figure | null;
}

/** A figure against a number. */
export interface Bound {
  readonly target: number;
  readonly what: string;
  readonly ours: Figure | null;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/**
 * Judges a ratio. A figure of ours that misses its latency limit is not met, whatever the ratio; one of theirs is compared all the same, which
 * is to their advantage.
 */
export function compare({ target, what, ours, theirs, atLeast, atMost, allowance }: Comparison): Verdict {
  if (ours === null || theirs === null || theirs.value <= 0 || allowance === null) {
    const absent = [
      ours === null ? 'ours' : '',
      theirs === null ? 'theirs' : '',
      allowance === null ? 'the commit' : '',
    ];
    return { target, what, verdict: 'not measured', figures: `no figure: ${absent.filter(Boolean).join(', ')}` };
  }
  const extra = allowance?.value ?? 0;
  const ratio = (ours.value - extra) / theirs.value;
  const isMet = ours.counts && isWithin(ratio, atLeast, atMost);
  const left = allowance === undefined ? told(ours) : `(${told(ours)} − ${told(allowance)})`;
  return {
    target,
    what,
    verdict: isMet ? 'met' : 'not met',
    figures: `${left} / ${told(theirs)} = ${ratio.toFixed(2)}`,
  };
}

/** Judges a figure by itself. */
export function bound({ target, what, ours, atLeast, atMost }: Bound): Verdict {
  if (ours === null) return { target, what, verdict: 'not measured', figures: 'no figure' };
  const isMet = ours.counts && isWithin(ours.value, atLeast, atMost);
  return { target, what, verdict: isMet ? 'met' : 'not met', figures: told(ours) };
}

function isWithin(value: number, atLeast = -Infinity, atMost = Infinity): boolean {
  return value >= atLeast && value <= atMost;
}

function told({ of, value, digits, counts }: Figure): string {
  const text = value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${text} (${of}${counts ? '' : '; misses the latency limit'})`;
}
