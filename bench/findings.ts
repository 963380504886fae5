import { MEASURES, type Measure } from './measures.js';
import type { Line } from './outcome.js';
import type { ScenarioName } from './plan.js';

/** One figure with its origin: the median over the repetitions. */
export interface Figure {
  /** Server and transport. */
  readonly of: string;
  readonly value: number;
  readonly digits: number;
  /** Whether it keeps the latency limit without which a rate counts for nothing. */
  readonly counts: boolean;
}

/** Which servers and transports are meant; a transport left out means all that there are. */
export interface Whose {
  readonly server: string;
  readonly transport?: string;
}

/** The figures of one run of the bench, to be asked for. */
export class Findings {
  readonly #lines: readonly Line[];

  constructor(lines: readonly Line[]) {
    this.#lines = lines;
  }

  /** The highest such figure; null when there is none. */
  highest(scenario: ScenarioName, measure: Measure, whose: Whose, limit?: Limit): Figure | null {
    return this.#all(scenario, measure, whose, limit).reduce<Figure | null>(
      (best, figure) => (best === null || figure.value > best.value ? figure : best),
      null,
    );
  }

  /** The lowest such figure; null when there is none. */
  lowest(scenario: ScenarioName, measure: Measure, whose: Whose, limit?: Limit): Figure | null {
    return this.#all(scenario, measure, whose, limit).reduce<Figure | null>(
      (best, figure) => (best === null || figure.value < best.value ? figure : best),
      null,
    );
  }

  #all(scenario: ScenarioName, measure: Measure, whose: Whose, limit?: Limit): Figure[] {
    return this.#lines
      .filter((line) => line.scenario === scenario && line.server === whose.server)
      .filter((line) => whose.transport === undefined || line.transport === whose.transport)
      .flatMap((line) => {
        const summary = line.summaries[measure];
        if (summary === undefined) return [];
        const of = `${line.server}, ${line.transport}`;
        return [{ of, value: summary.median, digits: MEASURES[measure].digits, counts: keeps(line, limit) }];
      });
  }
}

/** A figure counts only if this other one of the same line is not above `max`. */
export interface Limit {
  readonly measure: Measure;
  readonly max: number;
}

function keeps({ summaries }: Line, limit: Limit | undefined): boolean {
  return limit === undefined || (summaries[limit.measure]?.median ?? Infinity) <= limit.max;
}
