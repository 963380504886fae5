import { setTimeout as delay } from 'node:timers/promises';
import { CommandedProcess } from '../child-process.js';
import type { Layout } from '../layout.js';
import type { Load, PublishCommand, PublishTarget } from '../messages.js';
import { ReaderFleet } from '../reader-fleet.js';
import { InvalidRun, run, type Cast, type RunResult } from '../run.js';
import { ServerProcess } from '../server-process.js';
import type { Doors, Subject } from '../subjects/subject.js';

/** Readers that are connected, and what they listen to. */
interface Audience {
  readonly count: number;
  readonly layout: Layout;
  readonly doors: Doors;
}

/** One running server with its publisher and its readers, on which scenarios are played one after another. */
export class Stage {
  readonly #subject: Subject;
  readonly #cast: Cast;
  #audience: Audience | null = null;
  /** Why runs gave no figure. */
  readonly #faults: string[] = [];

  private constructor(subject: Subject, cast: Cast) {
    this.#subject = subject;
    this.#cast = cast;
  }

  /** @throws {Error} when the server does not start. */
  static async set(subject: Subject): Promise<Stage> {
    const server = await ServerProcess.start(subject.program);
    const publisher = new CommandedProcess<PublishCommand>('publisher-process');
    return new Stage(subject, { server, publisher, readers: new ReaderFleet() });
  }

  /** Ends everything that was started. */
  async strike(): Promise<void> {
    await Promise.all([this.#cast.readers.stop(), this.#cast.publisher.stop()]);
    await this.#cast.server.stop();
  }

  /** Resident memory of the server, bytes. */
  get residentBytes(): number {
    return this.#cast.server.usage().residentBytes;
  }

  /** Why runs gave no figure since this was asked the last time. */
  takeFaults(): string[] {
    return this.#faults.splice(0);
  }

  /** Sees to it that exactly so many readers listen; those who already do stay. */
  async seat(count: number, layout: Layout): Promise<Doors> {
    const now = this.#audience;
    if (now !== null && now.count === count && isSame(now.layout, layout)) return now.doors;
    await this.clear();
    const doors = await this.#subject.doors(this.#cast.server.port, layout);
    await this.#cast.readers.open(doors.read, count);
    this.#audience = { count, layout, doors };
    return doors;
  }

  /** Nobody listens any more. */
  async clear(): Promise<void> {
    this.#audience = null;
    await this.#cast.readers.close();
  }

  settle(milliseconds: number): Promise<void> {
    return delay(milliseconds);
  }

  /** @throws {InvalidRun} when deliveries were not complete and in order; then the readers are seated anew. */
  async run(target: PublishTarget, load: Load): Promise<RunResult> {
    try {
      return await run(this.#cast, target, load);
    } catch (error) {
      if (error instanceof InvalidRun) await this.#seatAnew();
      throw error;
    }
  }

  /** As {@link run}, but null where that throws {@link InvalidRun}; {@link takeFaults} tells why. */
  async attempt(target: PublishTarget, load: Load): Promise<RunResult | null> {
    try {
      return await this.run(target, load);
    } catch (error) {
      if (!(error instanceof InvalidRun)) throw error;
      this.#faults.push(`${load.lanes} in flight: ${error.firstFault}`);
      return null;
    }
  }

  async #seatAnew(): Promise<void> {
    const audience = this.#audience;
    await this.clear();
    if (audience !== null) await this.seat(audience.count, audience.layout);
  }
}

function isSame(a: Layout, b: Layout): boolean {
  return a.payloadBytes === b.payloadBytes && a.topics === b.topics && a.topicsPerReader === b.topicsPerReader;
}
