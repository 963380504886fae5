import type { Figures, Measure } from '../measures.js';
import type { Plan, ScenarioName } from '../plan.js';
import type { RunResult } from '../run.js';
import type { Stage } from './stage.js';

/** What one scenario showed of one server. */
export interface Played {
  readonly figures: Figures;
  readonly runs: readonly RunResult[];
}

/** One thing to be measured, alike for every server. */
export interface Scenario {
  readonly name: ScenarioName;
  /** The columns of its table. */
  readonly measures: readonly Measure[];
  /** What is done, as the heading of its table. */
  title(plan: Plan): string;
  /** @throws {Error} when there is no figure. */
  play(stage: Stage, plan: Plan): Promise<Played>;
}
