import type { Principal } from '#clarion/access';
import type { Cursor, GapReason, Selector, Topic } from '#clarion/protocol';
import type { CloseReason, LogEvent, Session, Want } from '#clarion/realtime';
import { ALLOWED_ORIGIN } from './gateway-host.js';
import { Meddler, type Encode, type Fault, type Sent } from './gateway-meddler.js';

/** A gateway that breaks the contract in one way, and the sentence of the contract that says so. */
export interface BrokenGateway extends Fault {
  readonly name: string;
  readonly caughtBy: string;
}

const NEVER_MS = 3_600_000;
const SERVICE: Principal = { kind: 'key', id: 'nobody-asked', rights: 'all' };

/** A fault of each client by itself. */
function perClient(make: () => Meddler): () => () => Meddler {
  return () => make;
}

/** A gateway that does not send some of what it should. */
function withholding(withheld: (sent: Sent<unknown>) => boolean): () => () => Meddler {
  class Withholding extends Meddler {
    override frames<F>(sent: readonly Sent<F>[]): readonly Sent<F>[] {
      return sent.filter((frame) => !withheld(frame));
    }
  }
  return perClient(() => new Withholding());
}

function hidingGap(reason: GapReason): () => () => Meddler {
  return withholding(({ control }) => control?.name === 'gap' && control.data.reason === reason);
}

/** A gateway that changes the JSON of what it sends. */
function rewriting(rewrite: (json: string, event: LogEvent) => string): () => () => Meddler {
  class Rewriting extends Meddler {
    override shown(event: LogEvent): LogEvent {
      const json = (topic: Topic): string => rewrite(event.json(topic), event);
      return new Proxy(event, { get: (target, key) => (key === 'json' ? json : Reflect.get(target, key)) });
    }
  }
  return perClient(() => new Rewriting());
}

/** A gateway that takes everybody for somebody else. */
function mistaking(who: (principal: Principal) => Principal, want = (given: Want): Want => given): () => () => Meddler {
  class Mistaking extends Meddler {
    override who(principal: Principal): Principal {
      return who(principal);
    }
    override want(given: Want): Want {
      return want(given);
    }
  }
  return perClient(() => new Mistaking());
}

/** A gateway that ends connections in its own way. */
function ending(end: (reason: CloseReason) => CloseReason | undefined): () => () => Meddler {
  class Ending extends Meddler {
    override close(reason: CloseReason): CloseReason | undefined {
      return end(reason);
    }
  }
  return perClient(() => new Ending());
}

/** A gateway whose sessions are driven wrongly. */
function driving(change: (session: Session) => Partial<Session>): () => () => Meddler {
  class Driving extends Meddler {
    override session(session: Session): Session {
      return {
        id: session.id,
        get who() {
          return session.who;
        },
        handle: (command) => session.handle(command),
        writable: () => session.writable(),
        ended: () => session.ended(),
        ...change(session),
      };
    }
  }
  return perClient(() => new Driving());
}

class Dropping extends Meddler {
  #seen = 0;
  override frames<F>(sent: readonly Sent<F>[]): readonly Sent<F>[] {
    return sent.filter(({ event }) => event === undefined || ++this.#seen % 50 !== 7);
  }
}

class HidingRetractions extends Meddler {
  override frames<F>(sent: readonly Sent<F>[]): readonly Sent<F>[] {
    return sent.filter(({ event }) => event?.name !== 'retracted');
  }
}

class Reordering extends Meddler {
  override frames<F>(sent: readonly Sent<F>[]): readonly Sent<F>[] {
    const [first, second, ...rest] = sent;
    return first?.event && second?.event ? [second, first, ...rest] : sent;
  }
}

class TwiceIfSeveralMatch extends Meddler {
  override frames<F>(sent: readonly Sent<F>[]): readonly Sent<F>[] {
    return sent.flatMap((frame) => ((frame.event?.topics.length ?? 0) > 1 ? [frame, frame] : [frame]));
  }
}

class GapAfterReady extends Meddler {
  #gap: readonly Sent<unknown>[] = [];
  override frames<F>(sent: readonly Sent<F>[]): readonly Sent<F>[];
  override frames(sent: readonly Sent<unknown>[]): readonly Sent<unknown>[] {
    if (sent[0]?.control?.name === 'gap') {
      this.#gap = sent;
      return [];
    }
    const late = this.#gap;
    this.#gap = [];
    return [...sent, ...late];
  }
}

class LastTopic extends Meddler {
  override topic(event: LogEvent, topic: Topic): Topic {
    return event.topics.at(-1) ?? topic;
  }
}

class OtherPlace extends Meddler {
  #before: Cursor | undefined;
  override shown(event: LogEvent): LogEvent {
    const { cursor } = event;
    const before = this.#before ?? cursor;
    this.#before = cursor;
    return new Proxy(event, {
      get: (target, key) => {
        const value: unknown = key === 'cursor' ? before : Reflect.get(target, key);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}

class FromNowOn extends Meddler {
  override want({ selectors }: Want): Want {
    return { selectors };
  }
}

class NeverFull extends Meddler {
  override hasRoom(): boolean {
    return true;
  }
}

/** Sends again, to whoever returns with a cursor, what somebody got last. */
function repeating(which: (event: LogEvent) => boolean): () => () => Meddler {
  return () => {
    let last: { readonly event: LogEvent; readonly topic: Topic } | undefined;
    class Repeating extends Meddler {
      #returned = false;
      override want(want: Want): Want {
        this.#returned = want.since !== undefined;
        return want;
      }
      override topic(event: LogEvent, topic: Topic): Topic {
        if (which(event)) last = { event, topic };
        return topic;
      }
      override frames<F>(sent: readonly Sent<F>[], encode: Encode<F>): readonly Sent<F>[] {
        if (!this.#returned || last === undefined || sent[0]?.control?.name !== 'ready') return sent;
        return [...sent, encode(last.event, last.topic)];
      }
    }
    return () => new Repeating();
  };
}

/** Knows only cursors that it has said itself since it started. */
function forgettingAtRestart(): () => Meddler {
  const said = new Set<string>();
  class Forgetting extends Meddler {
    override want(want: Want): Want {
      return want.since === undefined || said.has(want.since) ? want : { ...want, since: 'forgotten' as Cursor };
    }
    override frames<F>(sent: readonly Sent<F>[]): readonly Sent<F>[] {
      for (const { event } of sent) if (event?.cursor !== undefined) said.add(event.cursor);
      return sent;
    }
  }
  return () => new Forgetting();
}

/** One that is full holds up all. */
function heldUpTogether(): () => Meddler {
  let full = false;
  class HeldUp extends Meddler {
    override frames<F>(sent: readonly Sent<F>[]): readonly Sent<F>[] {
      return full ? [] : sent;
    }
    override hasRoom(room: boolean): boolean {
      full ||= !room;
      return room;
    }
  }
  return () => new HeldUp();
}

class StaleAnswers extends Meddler {
  #first: Cursor | undefined;
  override frames<F>(sent: readonly Sent<F>[]): readonly Sent<F>[] {
    for (const { control } of sent) if (control?.name === 'ready') this.#first ??= control.data.cursor;
    return sent;
  }
  override session(session: Session): Session {
    const handle: Session['handle'] = async (command) =>
      Object.assign(Object(await session.handle(command)), { cursor: this.#first });
    return {
      id: session.id,
      who: session.who,
      handle,
      writable: () => session.writable(),
      ended: () => session.ended(),
    };
  }
}

class LeavingTimers extends Meddler {
  constructor() {
    super();
    setInterval(() => undefined, NEVER_MS).unref();
  }
}

export const brokenGateways: readonly BrokenGateway[] = [
  {
    name: 'drops one event',
    caughtBy: 'reading: log order over several topics, for readers of all and of some',
    meddlers: perClient(() => new Dropping()),
  },
  {
    name: 'keeps retractions to itself',
    caughtBy: 'amending: what was taken back is heard as such, and its body from memory no more',
    meddlers: perClient(() => new HidingRetractions()),
  },
  {
    name: 'swaps two events',
    caughtBy: 'reading: log order over several topics, for readers of all and of some',
    meddlers: perClient(() => new Reordering()),
  },
  {
    name: 'sends an event once for each selector',
    caughtBy: 'reading: what several selectors match arrives once',
    meddlers: perClient(() => new TwiceIfSeveralMatch()),
  },
  {
    name: 'sends an event as of another place',
    caughtBy: 'reading: log order over several topics, for readers of all and of some',
    meddlers: perClient(() => new OtherPlace()),
  },
  {
    name: 'discloses all topics',
    caughtBy:
      "reading: the topic shown is the first in the publisher's order that the reader may see, and no other is told",
    meddlers: rewriting((json, { topics }) => json.replace('"data":{', `"data":{"to":${JSON.stringify(topics)},`)),
  },
  {
    name: 'shows the last topic',
    caughtBy:
      "reading: the topic shown is the first in the publisher's order that the reader may see, and no other is told",
    meddlers: perClient(() => new LastTopic()),
  },
  {
    name: 'adds a member of its own',
    caughtBy: 'reading: what several selectors match arrives once',
    meddlers: rewriting((json) => json.replace('{', '{"own":1,')),
  },
  {
    name: 'mangles what is not ASCII',
    caughtBy: 'reading: whatever was published arrives as it was',
    meddlers: rewriting((json) => json.replaceAll('漢', '?')),
  },
  {
    name: "lets wildcards reach people's topics",
    caughtBy: "reading: no wildcard reaches people's topics",
    meddlers: mistaking(
      () => SERVICE,
      (want) =>
        want.selectors.some((selector) => selector.startsWith('**'))
          ? { ...want, selectors: [...want.selectors, 'users/somebody-else' as Selector] }
          : want,
    ),
  },
  {
    name: 'forgets where a grant begins',
    caughtBy: 'reading: a grant that begins later hides what is older',
    meddlers: mistaking((who) =>
      who.kind === 'subscriber'
        ? { ...who, subscribe: who.subscribe.map((grant) => ({ ...grant, historyFrom: 0 })) }
        : who,
    ),
  },
  {
    name: 'loses what is ephemeral',
    caughtBy: 'reading: what is ephemeral arrives in order, without a place in the log',
    meddlers: withholding(({ event }) => event !== undefined && event.offset === undefined),
  },
  {
    name: 'replays what is ephemeral',
    caughtBy: 'reading: what is ephemeral is never replayed',
    meddlers: repeating(({ offset }) => offset === undefined),
  },
  {
    name: 'ignores since',
    caughtBy: 'resume: what was missed and what happens meet without a hole',
    meddlers: perClient(() => new FromNowOn()),
  },
  {
    name: 'repeats the last event to whoever returns',
    caughtBy: 'resume: after each cut from the last cursor seen, nothing is lost and nothing comes twice',
    meddlers: repeating(({ offset }) => offset !== undefined),
  },
  {
    name: 'knows no cursor from before a restart',
    caughtBy: 'resume: over a restart of the server, and without a gap',
    meddlers: forgettingAtRestart,
  },
  {
    name: 'takes a cursor of another log for one of its own',
    caughtBy: 'gap: a cursor of another log is told inside the stream, then comes all that is kept',
    meddlers: hidingGap('unknown'),
  },
  {
    name: 'forgets the epoch',
    caughtBy:
      'gap: a cursor of a future that a restored backup has lost is told, before and after the log grew past it',
    meddlers: hidingGap('unknown'),
  },
  {
    name: 'hides what retention took',
    caughtBy: 'gap: a cursor below what retention kept is told, then comes the oldest kept',
    meddlers: hidingGap('retention'),
  },
  {
    name: 'tells of a gap too late',
    caughtBy: 'gap: a cursor of another log is told inside the stream, then comes all that is kept',
    meddlers: perClient(() => new GapAfterReady()),
  },
  {
    name: 'hides that a reader lagged too long',
    caughtBy: 'backpressure: who lags longer than retention is told so, and goes on with the oldest kept',
    meddlers: hidingGap('lag'),
  },
  {
    name: 'buffers without ever being full',
    caughtBy: 'backpressure: who does not read costs bounded memory, holds up nobody, and gets everything later',
    meddlers: perClient(() => new NeverFull()),
  },
  {
    name: 'lets one slow reader hold up all',
    caughtBy: 'backpressure: who does not read costs bounded memory, holds up nobody, and gets everything later',
    meddlers: heldUpTogether,
  },
  {
    name: 'never tells a quiet reader its cursor',
    caughtBy: 'idle: a reader of quiet topics is told how far it has read, and so never falls behind retention',
    meddlers: withholding(({ control }) => control?.name === 'cursor'),
  },
  {
    name: 'sends no sign of life',
    caughtBy: 'idle: a connection on which nothing happens is kept alive',
    harness: (real) => ({ gateway: () => real.gateway({ heartbeatMs: NEVER_MS }) }),
  },
  {
    name: 'remembers who is gone',
    caughtBy: 'idle: whoever is gone, with or without a goodbye, is forgotten',
    meddlers: driving(() => ({ ended: () => undefined })),
  },
  {
    name: 'says nothing when a session is ready',
    caughtBy: 'opening: ready comes first and says what is read, from where, and until when',
    meddlers: withholding(({ control }) => control?.name === 'ready'),
  },
  {
    name: 'lets everybody read everything',
    caughtBy: 'opening: refuses everything when one topic is forbidden',
    meddlers: mistaking(() => SERVICE),
  },
  {
    name: 'does not look at the signature',
    caughtBy: 'opening: refuses a token that somebody else signed',
    access: () => ({ authenticate: async () => SERVICE }),
  },
  {
    name: 'does not look at the expiry',
    caughtBy: 'opening: refuses a token that has expired',
    access: () => ({ authenticate: async () => SERVICE }),
  },
  {
    name: 'does not look at the origin',
    caughtBy: 'opening: refuses a foreign origin',
    harness: (real) => ({ connect: (options, ear) => real.connect({ ...options, origin: ALLOWED_ORIGIN }, ear) }),
  },
  {
    name: 'lets a token live on',
    caughtBy:
      'ending: a token that expires while connected ends the connection, and coming back with it makes no sense',
    meddlers: ending((reason) => (reason.name === 'token.expired' ? undefined : reason)),
  },
  {
    name: 'has a client come back with a token that has expired',
    caughtBy:
      'ending: a token that expires while connected ends the connection, and coming back with it makes no sense',
    meddlers: ending((reason) => (reason.name === 'token.expired' ? { name: 'overloaded' } : reason)),
  },
  {
    name: 'keeps open what came by a token that was voided',
    caughtBy: 'ending: whose token was voided is told so and stays away, and is let in with a newer one',
    meddlers: ending((reason) => (reason.name === 'access.revoked' ? undefined : reason)),
  },
  {
    name: 'has a client come back with a token that was voided',
    caughtBy: 'ending: whose token was voided is told so and stays away, and is let in with a newer one',
    meddlers: ending((reason) => (reason.name === 'access.revoked' ? { name: 'overloaded' } : reason)),
  },
  {
    name: 'waits for who does not read although its token was voided',
    caughtBy: 'ending: whose token was voided is let go at once, although it does not read',
    meddlers: ending((reason) => (reason.name === 'access.revoked' ? { name: 'server.draining' } : reason)),
  },
  {
    name: 'does not obey an operator',
    caughtBy: 'ending: whom an operator closes is told so and may come back, and then has missed nothing',
    meddlers: ending((reason) => (reason.name === 'closed.by_operator' ? undefined : reason)),
  },
  {
    name: 'sends away for good whom an operator closes',
    caughtBy: 'ending: whom an operator closes is told so and may come back, and then has missed nothing',
    meddlers: ending((reason) => (reason.name === 'closed.by_operator' ? { name: 'access.revoked' } : reason)),
  },
  {
    name: 'has all clients come back at one time',
    caughtBy: 'ending: a server that goes away sends each client off with a time of its own to come back',
    meddlers: ending((reason) => ({ ...reason, retryAfterMs: 300 })),
  },
  {
    name: 'goes away without a word',
    caughtBy: 'ending: a server that goes away sends each client off with a time of its own to come back',
    meddlers: ending(() => undefined),
  },
  {
    name: 'leaves timers behind',
    caughtBy: 'ending: after the application is closed no timer, socket or thread of it is left',
    meddlers: perClient(() => new LeavingTimers()),
  },
  {
    name: 'waits for ever for a client that does not read',
    caughtBy: 'ending: a client that does not read is let go when its time is over',
    drains: (gateway) => () => gateway.drain(new AbortController().signal),
  },
  {
    name: 'answers with a cursor of long ago',
    caughtBy: 'commands: a topic subscribed later takes effect at the cursor that the reply names',
    meddlers: perClient(() => new StaleAnswers()),
  },
  {
    name: 'answers and does not subscribe',
    caughtBy:
      'commands: subscribing amid a burst: each event after the named cursor arrives, and no earlier one of the new topic',
    meddlers: driving((session) => ({
      handle: (command) =>
        session.handle(command.op === 'subscribe' ? { op: 'unsubscribe', topics: command.topics } : command),
    })),
  },
  {
    name: 'answers and does not unsubscribe',
    caughtBy: 'commands: what is unsubscribed arrives no longer',
    meddlers: driving((session) => ({
      handle: (command) =>
        session.handle(command.op === 'unsubscribe' ? { op: 'subscribe', topics: command.topics } : command),
    })),
  },
  {
    name: 'ends a session for a command that is refused',
    caughtBy: 'commands: one forbidden topic refuses the whole command, and the session lives on',
    meddlers: driving((session) => ({
      handle: (command) =>
        session.handle(command).catch((error: unknown) => {
          session.ended();
          throw error;
        }),
    })),
  },
];
