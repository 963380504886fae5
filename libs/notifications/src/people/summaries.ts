/** The token by which whoever delivers finds {@link Summaries}; without them nobody is told by itself how much is new. */
export const SUMMARIES = Symbol('Summaries');

/** How much of people's inboxes is new. */
export interface Summaries {
  /** JSON text of `inboxSummarySchema`. */
  of(user: string): Promise<string>;
}
