/** Whether the full figures are asked for (`npm run test:long`), or the short form that fits into `npm test`. */
export const isLong = process.env['CLARION_TEST_LONG'] === '1';

export function shortOrLong<T>(short: T, long: T): T {
  return isLong ? long : short;
}

/** Figures of a run that passed, for whoever reads the log of the tests. */
export function tell(what: string, figures: object): void {
  process.stdout.write(`${what}: ${JSON.stringify(figures)}\n`);
}
