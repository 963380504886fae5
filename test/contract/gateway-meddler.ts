import type { DynamicModule, Type } from '@nestjs/common';
import type { GatewayChoice } from 'clarion';
import { Access, type Principal } from '#clarion/access';
import { Publisher } from '#clarion/notifications';
import type { ControlEvent, Topic } from '#clarion/protocol';
import {
  Gateways,
  Realtime,
  type Batch,
  type CloseReason,
  type Codec,
  type Gateway,
  type Link,
  type LogEvent,
  type Session,
  type Want,
} from '#clarion/realtime';
import type { GatewayHarness } from './gateway-harness.js';

/** A frame on its way to a client, and what it says. */
export interface Sent<F> {
  readonly frame: F;
  readonly event?: LogEvent;
  readonly control?: ControlEvent;
}

/** Makes frames of what was never written for this client. */
export type Encode<F> = (event: LogEvent, topic: Topic) => Sent<F>;

/** Stands between a gateway and the sessions of its clients, one per client. This one passes everything on as it is. */
export class Meddler {
  who(principal: Principal): Principal {
    return principal;
  }
  want(want: Want): Want {
    return want;
  }
  /** The event that is encoded in its place. */
  shown(event: LogEvent): LogEvent {
    return event;
  }
  topic(_event: LogEvent, topic: Topic): Topic {
    return topic;
  }
  frames<F>(sent: readonly Sent<F>[], _encode: Encode<F>): readonly Sent<F>[] {
    return sent;
  }
  /** What the session is told of the link. */
  hasRoom(room: boolean): boolean {
    return room;
  }
  /** Undefined: the link is never told. */
  close(reason: CloseReason): CloseReason | undefined {
    return reason;
  }
  session(session: Session): Session {
    return session;
  }
}

/** What may be wrong with a gateway. */
export interface Fault {
  /** Called once per start of the application, so that its meddlers may share something. */
  readonly meddlers?: () => () => Meddler;
  readonly access?: (real: Access) => Partial<Access>;
  readonly publisher?: (real: Publisher) => Partial<Publisher>;
  readonly drains?: (gateway: Gateway) => Gateway['drain'];
  readonly harness?: (real: GatewayHarness) => Partial<GatewayHarness>;
}

/** The harness of the same gateway, with whatever fault `fault` names when a client connects. */
export function meddledHarness(harness: GatewayHarness, fault: () => Fault): GatewayHarness {
  return {
    ...harness,
    gateway: (settings) => meddled({ ...harness, ...fault().harness?.(harness) }.gateway(settings), fault),
    connect: (options, ear) => ({ ...harness, ...fault().harness?.(harness) }).connect(options, ear),
  };
}

function meddled(choice: GatewayChoice, fault: () => Fault): GatewayChoice {
  const meddlers = new Map<Fault, () => Meddler>();
  const meddler = (): Meddler => {
    const now = fault();
    const known = meddlers.get(now) ?? now.meddlers?.() ?? (() => new Meddler());
    meddlers.set(now, known);
    return known();
  };
  return [
    (given: GatewayChoice) => shadow(given, Realtime, (real) => overriding(real, () => meddledRealtime(real, meddler))),
    (given: GatewayChoice) => shadow(given, Access, (real) => overriding(real, () => fault().access?.(real) ?? {})),
    (given: GatewayChoice) =>
      shadow(given, Publisher, (real) => overriding(real, () => fault().publisher?.(real) ?? {})),
    (given: GatewayChoice) => shadow(given, Gateways, (real) => overriding(real, () => meddledGateways(real, fault))),
  ].reduce((given, wrap) => wrap(given), choice);
}

/** Gives the gateway's module, and no other, something else in place of what the application provides. */
function shadow<T extends object>(choice: GatewayChoice, token: Type<T>, wrap: (real: T) => T): GatewayChoice {
  const given = Symbol(token.name);
  const passing: DynamicModule = {
    module: class Passing {},
    providers: [{ provide: given, inject: [token], useFactory: (real: T) => real }],
    exports: [given],
  };
  const { imports = [], providers = [] } = choice.module;
  const provider = { provide: token, inject: [given], useFactory: wrap };
  return {
    ...choice,
    module: { ...choice.module, imports: [...imports, passing], providers: [...providers, provider] },
  };
}

/** The same object, but for the methods that are different now. */
function overriding<T extends object>(real: T, methods: () => Partial<T>): T {
  return new Proxy(real, {
    get: (target, key) => {
      const now = methods();
      const value: unknown = Reflect.get(key in now ? now : target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function meddledRealtime(real: Realtime, meddler: () => Meddler): Pick<Realtime, 'open' | 'authorise'> {
  return {
    open: (link, who, want) => {
      const mine = meddler();
      return mine.session(real.open(new MeddledLink(link, mine), mine.who(who), mine.want(want)));
    },
    authorise: (who, want) => {
      const mine = meddler();
      real.authorise(mine.who(who), mine.want(want));
    },
  };
}

function meddledGateways(real: Gateways, fault: () => Fault): Pick<Gateways, 'register'> {
  return {
    register: (gateway) => {
      const drain = (signal: AbortSignal): Promise<void> =>
        (fault().drains?.(gateway) ?? gateway.drain.bind(gateway))(signal);
      real.register({ name: gateway.name, drain });
    },
  };
}

class MeddledCodec<F> implements Codec<Sent<F>> {
  readonly name: string;
  readonly #real: Codec<F>;
  readonly #meddler: Meddler;

  constructor(real: Codec<F>, meddler: Meddler) {
    this.name = real.name;
    this.#real = real;
    this.#meddler = meddler;
  }

  encode(event: LogEvent, topic: Topic): Sent<F> {
    const frame = this.#real.encode(this.#meddler.shown(event), this.#meddler.topic(event, topic));
    return { event, frame };
  }

  join(frames: readonly Sent<F>[]): Sent<F> {
    return { frame: this.#real.join(frames.map(({ frame }) => frame)) };
  }

  control(event: ControlEvent): Sent<F> {
    return { control: event, frame: this.#real.control(event) };
  }
}

class MeddledLink<F> implements Link<Sent<F>> {
  readonly codec: MeddledCodec<F>;
  readonly #real: Link<F>;
  readonly #meddler: Meddler;

  constructor(real: Link<F>, meddler: Meddler) {
    this.codec = new MeddledCodec(real.codec, meddler);
    this.#real = real;
    this.#meddler = meddler;
  }

  write(batch: Batch<Sent<F>>): boolean {
    const sent = this.#meddler.frames(batch.frames, (event, topic) => this.codec.encode(event, topic));
    const frames = sent.map(({ frame }) => frame);
    const [only] = frames;
    if (only === undefined) return true;
    const joined = (): F => (frames.length === 1 ? only : this.#real.codec.join(frames));
    return this.#meddler.hasRoom(this.#real.write({ frames, joined }));
  }

  close(reason: CloseReason): void {
    const said = this.#meddler.close(reason);
    if (said !== undefined) this.#real.close(said);
  }
}
