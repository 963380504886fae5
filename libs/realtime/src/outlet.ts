import type { ControlEvent, Topic } from '#clarion/protocol';
import type { Batch, Codec } from './gateway.js';
import type { LogEvent } from './log-event.js';

/**
 * Frames that wait to be written, as a chain: each run is a shorter run and one frame more. Sessions that were given the same
 * events since they last wrote hold the very same run, so that the frames are collected and joined once for all of them.
 */
export class Run<F> implements Batch<F> {
  readonly length: number;
  /** When the first of its events is over, milliseconds since 1970; undefined: none ever is. */
  readonly expiresAt: number | undefined;
  /** Whether one of its events tells that another was edited or taken back. */
  readonly hasAmendments: boolean;
  readonly #outlet: Outlet<F>;
  readonly #shorter: Run<F> | undefined;
  readonly #frame: F | undefined;
  /** The newest notification in it that names people; the others are further down. */
  readonly #personal: Personal | undefined;
  #nextEvent: LogEvent | undefined;
  #nextTopic: Topic | undefined;
  #next: Run<F> | undefined;
  #others: Map<LogEvent, Map<Topic, Run<F>>> | undefined;
  #frames: readonly F[] | undefined;
  #joined: F | undefined;

  private constructor(outlet: Outlet<F>, shorter: Run<F> | undefined, event: LogEvent | undefined, topic?: Topic) {
    this.#outlet = outlet;
    this.#shorter = shorter;
    this.length = shorter === undefined ? 0 : shorter.length + 1;
    this.hasAmendments = shorter?.hasAmendments === true || event?.amends !== undefined;
    this.expiresAt = earlier(shorter?.expiresAt, event?.expiresAt);
    const before = shorter === undefined ? undefined : shorter.#personal;
    this.#personal = event !== undefined && isPersonal(event) ? { event, earlier: before } : before;
    if (event !== undefined && topic !== undefined) this.#frame = outlet.frame(event, topic);
  }

  /** Without any event. */
  static empty<F>(outlet: Outlet<F>): Run<F> {
    return new Run(outlet, undefined, undefined);
  }

  /** This run and one event more; the same object for all who ask for the same. */
  plus(event: LogEvent, topic: Topic): Run<F> {
    if (this.#nextEvent === event && this.#nextTopic === topic) return this.#next!;
    if (this.#next === undefined) {
      this.#nextEvent = event;
      this.#nextTopic = topic;
      return (this.#next = new Run(this.#outlet, this, event, topic));
    }
    return this.#other(event, topic);
  }

  /** The notifications that name this person, whichever topic brought them, in log order. Costs nothing where none names anybody. */
  naming(own: Topic): Stored[] {
    const found: Stored[] = [];
    for (let personal = this.#personal; personal !== undefined; personal = personal.earlier)
      if (personal.event.names(own)) found.push(personal.event);
    return found.reverse();
  }

  /** Whether any of its notifications names somebody. */
  get isPersonal(): boolean {
    return this.#personal !== undefined;
  }

  get frames(): readonly F[] {
    return (this.#frames ??= Run.#framesOf(this));
  }

  joined(): F {
    if (this.#joined !== undefined) return this.#joined;
    return (this.#joined = this.length === 1 ? this.frames[0]! : this.#outlet.codec.join(this.frames));
  }

  #other(event: LogEvent, topic: Topic): Run<F> {
    this.#others ??= new Map();
    let byTopic = this.#others.get(event);
    if (byTopic === undefined) this.#others.set(event, (byTopic = new Map()));
    let run = byTopic.get(topic);
    if (run === undefined) byTopic.set(topic, (run = new Run(this.#outlet, this, event, topic)));
    return run;
  }

  static #framesOf<F>(last: Run<F>): F[] {
    const frames: F[] = [];
    for (let run = last; run.#shorter !== undefined; run = run.#shorter) frames.push(run.#frame!);
    return frames.reverse();
  }
}

type Stored = LogEvent & { readonly offset: number };

/** A notification that names people. */
interface Personal {
  readonly event: Stored;
  readonly earlier: Personal | undefined;
}

/** Of what is told of a notification the receipts know nothing, nor of what is not stored. */
export function isPersonal(event: LogEvent): event is Stored {
  return event.name === 'notification' && event.offset !== undefined && event.namesPeople;
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

/** One wire format's way out: encodes each event once per topic and gives sessions their shared runs. */
export class Outlet<F> {
  readonly codec: Codec<F>;
  readonly #frames = new Map<LogEvent, Map<Topic, F>>();
  readonly #controls = new WeakMap<ControlEvent, F>();
  #root: Run<F> | undefined;
  #bytes = 0;

  constructor(codec: Codec<F>) {
    this.codec = codec;
  }

  /** Where runs begin now. */
  get root(): Run<F> {
    return (this.#root ??= Run.empty<F>(this));
  }

  /** Bytes of the events in all runs since the last reset; what several runs share counts for each. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What a run grows by. */
  frame(event: LogEvent, topic: Topic): F {
    this.#bytes += event.bytes;
    let byTopic = this.#frames.get(event);
    if (byTopic === undefined) this.#frames.set(event, (byTopic = new Map()));
    let frame = byTopic.get(topic);
    if (frame === undefined) byTopic.set(topic, (frame = this.codec.encode(event, topic)));
    return frame;
  }

  /** Events beside the log, for one session or several: each is encoded once. */
  controls(events: readonly ControlEvent[]): Batch<F> {
    const frames = events.map((event) => this.#control(event));
    return { frames, joined: () => (frames.length === 1 ? frames[0]! : this.codec.join(frames)) };
  }

  #control(event: ControlEvent): F {
    let frame = this.#controls.get(event);
    if (frame === undefined) this.#controls.set(event, (frame = this.codec.control(event)));
    return frame;
  }

  /**
   * Forgets frames and runs; who still needs one holds it. Called when a round has been written: runs grow only while an event is being
   * delivered, to all at once, so that nothing is encoded or joined twice for it, whatever still waits.
   */
  reset(): void {
    this.#frames.clear();
    this.#root = undefined;
    this.#bytes = 0;
  }
}

/** The outlets of all wire formats in use. */
export class Outlets {
  readonly #byCodec = new Map<Codec<unknown>, Outlet<unknown>>();

  of<F>(codec: Codec<F>): Outlet<F> {
    const known = this.#byCodec.get(codec);
    // The map's own invariant: under each codec stands the outlet made of it.
    if (known !== undefined) return known as Outlet<F>;
    const outlet = new Outlet(codec);
    this.#byCodec.set(codec, outlet as Outlet<unknown>);
    return outlet;
  }

  /** {@link Outlet.bytes} of all. */
  get bytes(): number {
    let sum = 0;
    for (const outlet of this.#byCodec.values()) sum += outlet.bytes;
    return sum;
  }

  reset(): void {
    for (const outlet of this.#byCodec.values()) outlet.reset();
  }
}
