import type { Outcome } from './outcome.js';
import type { Plan, ScenarioName } from './plan.js';
import { SCENARIOS } from './scenarios/scenarios.js';
import { Stage } from './scenarios/stage.js';
import { subjectName } from './subjects.js';
import type { Subject } from './subjects/subject.js';

/**
 * Every subject in every scenario of the plan. Interleaved: each round visits each server once, so that what disturbs the machine for a while
 * disturbs all. What goes wrong is told in the outcome, and the rest is measured.
 * @param tell is told what is being measured.
 */
export async function measureAll(
  plan: Plan,
  subjects: readonly Subject[],
  tell: (text: string) => void,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let repetition = 1; repetition <= plan.repetitions; repetition++) {
    for (const subject of subjects) {
      const visit = new Visit(subject, plan, repetition, (text) =>
        tell(`${repetition}/${plan.repetitions}  ${subjectName(subject)}: ${text}`),
      );
      outcomes.push(...(await visit.outcomes()));
    }
  }
  return outcomes;
}

/** One server in one round: one process through all scenarios, and a new one after something went wrong. */
class Visit {
  readonly #subject: Subject;
  readonly #plan: Plan;
  readonly #repetition: number;
  readonly #tell: (text: string) => void;
  #stage: Stage | null = null;

  constructor(subject: Subject, plan: Plan, repetition: number, tell: (text: string) => void) {
    this.#subject = subject;
    this.#plan = plan;
    this.#repetition = repetition;
    this.#tell = tell;
  }

  async outcomes(): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    try {
      for (const scenario of this.#plan.scenarios) {
        this.#tell(scenario);
        outcomes.push(await this.#outcomeOf(scenario));
      }
    } finally {
      await this.#strike();
    }
    return outcomes;
  }

  async #outcomeOf(scenario: ScenarioName): Promise<Outcome> {
    const { server, transport } = this.#subject;
    const facts = { scenario, server, transport, repetition: this.#repetition };
    try {
      this.#stage ??= await Stage.set(this.#subject);
      const played = await SCENARIOS[scenario].play(this.#stage, this.#plan);
      return { ...facts, ...played, faults: this.#stage.takeFaults(), error: null };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#tell(`no figure: ${reason}`);
      const faults = this.#stage?.takeFaults() ?? [];
      await this.#strike();
      return { ...facts, figures: {}, runs: [], faults, error: reason };
    }
  }

  async #strike(): Promise<void> {
    const stage = this.#stage;
    this.#stage = null;
    await stage?.strike();
  }
}
