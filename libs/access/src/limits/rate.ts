/** How much is allowed how fast: as written in the configuration, `<units>/<seconds>`. */
export class Rate {
  constructor(
    /** Units that may come at once; as many are refilled, evenly, within {@link windowS}. 0: no limit. */
    readonly quota: number,
    /** Seconds. */
    readonly windowS: number,
  ) {}

  /** As it is written in the configuration. */
  toString(): string {
    return this.quota === 0 ? '0' : `${this.quota}/${this.windowS}`;
  }
}

export const UNLIMITED = new Rate(0, 0);
