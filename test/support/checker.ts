import type { ClientRecord, Heard, PublishRecord } from './records.js';

/** Everything that the promise to a durable reader forbids. */
export const VIOLATIONS = [
  'lost',
  'twice',
  'out of order',
  'phantom',
  'wrong person',
  'unexplained gap',
  'missing gap',
  'not ready',
] as const;

export interface Violation {
  readonly kind: (typeof VIOLATIONS)[number];
  readonly client: string;
  readonly detail: string;
}

type HeardNotification = Extract<Heard, { kind: 'notification' }>;

/**
 * Holds what clients heard against what publishers did, from these records alone.
 *
 * The order of the log is not known to anybody outside, so it is derived: a publisher's own notifications follow one another
 * (it publishes the next when the last was answered), and what one client heard one after another no other may have heard the
 * other way round. A notification whose publisher never got an answer may be absent, but if one client heard it, everybody
 * whom it concerns must have.
 *
 * O(clients × publishes × selectors).
 */
export function check(publishes: readonly PublishRecord[], clients: readonly ClientRecord[]): Violation[] {
  const byKey = new Map(publishes.map((publish) => [publish.key, publish]));
  const heardSomewhere = new Set(clients.flatMap((client) => notificationsOf(client).map(({ key }) => key)));
  return [
    ...clients.flatMap((client) => [
      ...phantoms(client, byKey),
      ...sections(client).flatMap(twice),
      ...wrongPerson(client, byKey),
      ...lost(client, publishes, heardSomewhere),
      ...sections(client).flatMap((section) => outOfPublishersOrder(section, byKey)),
      ...gaps(client),
      ...notReady(client),
    ]),
    ...contradictions(clients.flatMap(sections)),
  ];
}

/** A few lines for a person: how many of each kind, with the first examples. */
export function summarise(violations: readonly Violation[]): string {
  const lines: string[] = [];
  for (const kind of VIOLATIONS) {
    const some = violations.filter((violation) => violation.kind === kind);
    if (some.length > 0) lines.push(`${kind}: ${some.length}`);
    for (const { client, detail } of some.slice(0, 5)) lines.push(`  ${client}: ${detail}`);
  }
  return lines.join('\n');
}

/** How many notifications this client must still hear, of those that were acknowledged: zero when the run can be judged. */
export function outstanding(publishes: readonly PublishRecord[], client: ClientRecord): number {
  const keys = new Set(notificationsOf(client).map(({ key }) => key));
  const inForce = selectorsInForce(client);
  return publishes.filter((publish) => publish.acknowledged && !keys.has(publish.key) && isDue(inForce, publish))
    .length;
}

/** After a `gap` that was owed, a client begins again from the oldest kept, and may hear again what it had. */
function sections(client: ClientRecord): ClientRecord[] {
  const gap = client.gapExpected ? client.heard.findIndex(({ kind }) => kind === 'gap') : -1;
  if (gap === -1) return [client];
  const part = (heard: readonly Heard[]): ClientRecord => ({ ...client, heard });
  return [part(client.heard.slice(0, gap)), part(client.heard.slice(gap))];
}

function notificationsOf(client: ClientRecord): HeardNotification[] {
  return client.heard.filter((heard): heard is HeardNotification => heard.kind === 'notification');
}

/** Nobody published it, or not so: another id or cursor than the publisher was told. */
function phantoms(client: ClientRecord, byKey: ReadonlyMap<string, PublishRecord>): Violation[] {
  return notificationsOf(client).flatMap((heard): Violation[] => {
    const publish = byKey.get(heard.key);
    const violation = (detail: string): Violation[] => [{ kind: 'phantom', client: client.client, detail }];
    if (!publish) return violation(`${heard.key} was never published`);
    const told = publish.acknowledged;
    if (told && told.id !== heard.id) return violation(`${heard.key} has id ${heard.id}, its publisher got ${told.id}`);
    if (told && told.cursor !== heard.cursor)
      return violation(`${heard.key} has cursor ${heard.cursor}, its publisher got ${told.cursor}`);
    return [];
  });
}

function twice(client: ClientRecord): Violation[] {
  const keys = new Set<string>();
  const ids = new Set<string>();
  return notificationsOf(client).flatMap((heard): Violation[] => {
    const again = keys.has(heard.key) || ids.has(heard.id);
    keys.add(heard.key);
    ids.add(heard.id);
    return again ? [{ kind: 'twice', client: client.client, detail: `${heard.key} (${heard.id})` }] : [];
  });
}

/** Under a topic that the client did not ask for by then, or that the publisher did not name. */
function wrongPerson(client: ClientRecord, byKey: ReadonlyMap<string, PublishRecord>): Violation[] {
  const selectors = new Set(client.selectors);
  const violations: Violation[] = [];
  for (const heard of client.heard) {
    if (heard.kind === 'subscribed') for (const topic of heard.topics) selectors.add(topic);
    if (heard.kind !== 'notification') continue;
    const violation = (why: string) =>
      violations.push({
        kind: 'wrong person',
        client: client.client,
        detail: `${heard.key} as ${heard.topic}: ${why}`,
      });
    const asked = [...selectors];
    const publish = byKey.get(heard.key);
    if (!asked.some((selector) => selects(selector, heard.topic))) violation('not asked for');
    else if (publish && !publish.topics.includes(heard.topic)) violation('not addressed to this topic');
    else if (
      publish &&
      heard.topic !== publish.topics.find((topic) => asked.some((selector) => selects(selector, topic)))
    )
      violation('not the first topic by which this reader sees it');
  }
  return violations;
}

function lost(
  client: ClientRecord,
  publishes: readonly PublishRecord[],
  heardSomewhere: ReadonlySet<string>,
): Violation[] {
  const keys = new Set(notificationsOf(client).map(({ key }) => key));
  const exists = (publish: PublishRecord) => publish.acknowledged !== null || heardSomewhere.has(publish.key);
  const firstHeard = firstSerials(client, publishes);
  const inForce = selectorsInForce(client);
  return publishes
    .filter((publish) => !keys.has(publish.key) && exists(publish))
    .filter((publish) => isDue(inForce, publish) || isWithinWhatFollows(client, publish, firstHeard))
    .map((publish): Violation => ({
      kind: 'lost',
      client: client.client,
      detail: `${publish.key} to ${publish.topics.join()}`,
    }));
}

interface SelectorInForce {
  readonly selector: string;
  readonly since: number;
}

/** Whether a client must hear it: one of its selectors matches, and was in force before the publish began. */
function isDue(inForce: readonly SelectorInForce[], publish: PublishRecord): boolean {
  return inForce.some(
    ({ selector, since }) => publish.startedAt > since && publish.topics.some((topic) => selects(selector, topic)),
  );
}

/** None for a client to which a gap is owed: what it must hear is not known to these records. */
function selectorsInForce(client: ClientRecord): SelectorInForce[] {
  if (client.gapExpected) return [];
  const ready = client.heard.find(({ kind }) => kind === 'ready')?.at ?? Infinity;
  const since = client.from === 'earliest' ? -Infinity : ready;
  const later = client.heard.filter((heard) => heard.kind === 'subscribed');
  return [
    ...client.selectors.map((selector) => ({ selector, since })),
    ...later.flatMap(({ topics, at }) => topics.map((selector) => ({ selector, since: at }))),
  ];
}

/** Of each publisher and topic, the first that the client heard: what follows it cannot be missing. */
function firstSerials(client: ClientRecord, publishes: readonly PublishRecord[]): ReadonlyMap<string, number> {
  const byKey = new Map(publishes.map((publish) => [publish.key, publish]));
  const first = new Map<string, number>();
  for (const { key, topic } of notificationsOf(client)) {
    const publish = byKey.get(key);
    if (!publish) continue;
    const stream = `${publish.publisher} ${topic}`;
    first.set(stream, Math.min(first.get(stream) ?? Infinity, publish.serial));
  }
  return first;
}

function isWithinWhatFollows(
  client: ClientRecord,
  publish: PublishRecord,
  first: ReadonlyMap<string, number>,
): boolean {
  if (client.gapExpected) return false;
  return publish.topics.some((topic) => (first.get(`${publish.publisher} ${topic}`) ?? Infinity) < publish.serial);
}

function outOfPublishersOrder(client: ClientRecord, byKey: ReadonlyMap<string, PublishRecord>): Violation[] {
  const last = new Map<string, PublishRecord>();
  return notificationsOf(client).flatMap((heard): Violation[] => {
    const publish = byKey.get(heard.key);
    if (!publish) return [];
    const before = last.get(publish.publisher);
    if (before && before.serial > publish.serial)
      return [{ kind: 'out of order', client: client.client, detail: `${publish.key} after ${before.key}` }];
    last.set(publish.publisher, publish);
    return [];
  });
}

/** Pairs that one client heard one way round and another the other way: each is measured against the first that heard both. */
function contradictions(clients: readonly ClientRecord[]): Violation[] {
  const sequences = clients.map((client) => ({
    client: client.client,
    keys: [...new Set(notificationsOf(client).map(({ key }) => key))],
  }));
  return sequences.flatMap((one, index) =>
    sequences.slice(0, index).flatMap((other) => {
      const place = new Map(other.keys.map((key, position) => [key, position]));
      const common = one.keys.filter((key) => place.has(key));
      return descents(common, place).map(([before, after]): Violation => ({
        kind: 'out of order',
        client: one.client,
        detail: `${before} before ${after}, which ${other.client} heard the other way round`,
      }));
    }),
  );
}

function descents(keys: readonly string[], place: ReadonlyMap<string, number>): [string, string][] {
  const found: [string, string][] = [];
  for (let i = 1; i < keys.length; i++) {
    const before = keys[i - 1];
    const after = keys[i];
    if (before === undefined || after === undefined) continue;
    if ((place.get(before) ?? 0) > (place.get(after) ?? 0)) found.push([before, after]);
  }
  return found;
}

function gaps(client: ClientRecord): Violation[] {
  const found = client.heard.filter((heard) => heard.kind === 'gap');
  if (client.gapExpected && found.length === 0)
    return [
      { kind: 'missing gap', client: client.client, detail: 'its cursor is not of this log, and nobody said so' },
    ];
  if (client.gapExpected) return [];
  return found.map(({ reason, cursor }) => ({
    kind: 'unexplained gap',
    client: client.client,
    detail: `${reason} at ${cursor}`,
  }));
}

/** Every connection begins with `ready`, before its first notification. */
function notReady(client: ClientRecord): Violation[] {
  let ready = true;
  const violations: Violation[] = [];
  for (const heard of client.heard) {
    if (heard.kind === 'opened') ready = false;
    if (heard.kind === 'ready') ready = true;
    if (heard.kind !== 'notification' || ready) continue;
    violations.push({ kind: 'not ready', client: client.client, detail: `${heard.key} came before ready` });
    ready = true;
  }
  return violations;
}

/**
 * Whether a selector matches a topic, said a second time and apart from the server's own words: a checker that shares the
 * code it judges sees nothing.
 */
function selects(selector: string, topic: string): boolean {
  const want = selector.split('/');
  const have = topic.split('/');
  const isGuarded = have[0] === 'users' || topic.startsWith('$');
  if (isGuarded && want[0]?.startsWith('*')) return false;
  const fits = (segments: string[]) => segments.every((segment, place) => segment === '*' || segment === have[place]);
  if (want.at(-1) === '**') return have.length >= want.length && fits(want.slice(0, -1));
  return have.length === want.length && fits(want);
}
