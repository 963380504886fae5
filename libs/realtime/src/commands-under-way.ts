import { DomainError, type ClientCommand } from '#clarion/protocol';

/** So many notifications of one command weigh as much as another command: the log takes them one by one, and publishes wait for it. */
const IDS_OF_ONE = 64;

/** As how many commands it counts among those that one client may have under way. */
export function weightOf(command: ClientCommand): number {
  const ids = 'ids' in command ? command.ids : undefined;
  return ids === undefined ? 1 : Math.ceil(ids.length / IDS_OF_ONE);
}

/** What one client has asked and is not answered yet. */
export class CommandsUnderWay {
  readonly #most: number;
  #weight = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @throws {DomainError} `rate.limited` when all that is under way would weigh more than may be; then it is not begun. */
  async run<T>(command: ClientCommand, work: () => Promise<T>): Promise<T> {
    const weight = weightOf(command);
    if (this.#weight + weight > this.#most) throw new DomainError('rate.limited', 'too many commands at once');
    this.#weight += weight;
    try {
      return await work();
    } finally {
      this.#weight -= weight;
    }
  }
}
