import { DomainError, type ClientCommand } from '#clarion/protocol';

/** So many notifications of one command weigh as much as another command: the log takes them one by one, and publishes wait for it. */
const IDS_OF_ONE = 64;

/** As how many commands it counts among those that one client may have under way. */
export function weightOf(command: ClientCommand): number {
  const ids = 'ids' in command ? command.ids : undefined;
  return ids === undefined ? 1 : Math.ceil(ids.length / IDS_OF_ONE);
}

/** @throws {DomainError} `rate.limited` when all that is under way would weigh more than `most`. */
export function assertRoom(weight: number, most: number): void {
  if (weight > most) throw new DomainError('rate.limited', 'too many commands at once');
}
