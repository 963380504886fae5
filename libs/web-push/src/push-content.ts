import type { PushAction, PushMessage } from '#clarion/notifications';
import { CuttableText, largest } from './cuttable-text.js';

export type ShowMessage = Extract<PushMessage, { kind: 'show' }>;

/** What a push says, of which something may be left out. */
export interface PushContent {
  readonly title: string;
  readonly body: string | undefined;
  readonly url: string | undefined;
  readonly icon: string | undefined;
  readonly data: unknown;
  readonly category: string | undefined;
  readonly topic: string | undefined;
  readonly actions: readonly PushAction[];
  /** Whether `notification.data` says again what `clarion` does: for browsers that read declarative messages by themselves. */
  readonly repeated: boolean;
}

type Fits = (content: PushContent) => boolean;

/** A title that is made of a body has so many UTF-16 units at most. */
const TITLE_OF_BODY = 80;

/** All of it, but for what would never fit: then it is not measured again and again. @param maxBytes of the whole. */
export function contentOf(message: ShowMessage, maxBytes: number): PushContent {
  const { url, icon, category, topic, actions } = message;
  const { title, body } = textOf(message);
  const data = JSON.stringify(message.data ?? null).length > maxBytes ? undefined : message.data;
  return {
    title: bounded(title),
    body: body && bounded(body),
    url,
    icon,
    data,
    category,
    topic,
    actions,
    repeated: true,
  };
}

function bounded(text: string): string {
  const cuttable = new CuttableText(text);
  return cuttable.first(cuttable.length);
}

/** A notification has a title, always: without one its body is. */
function textOf({ title, body, topic }: ShowMessage): Pick<PushContent, 'title' | 'body'> {
  const said = body === '' ? undefined : body;
  if (title !== undefined) return { title, body: said };
  if (said === undefined) return { title: topic, body: undefined };
  return {
    title: new CuttableText(said).first(TITLE_OF_BODY),
    body: said.length <= TITLE_OF_BODY ? undefined : said,
  };
}

/** How far one goes to make a push fit: what is left out, and of which text how much stays at least. */
interface Stage {
  readonly without?: (content: PushContent) => Partial<PushContent>;
  readonly body?: (units: number) => number;
  readonly title?: (units: number) => number;
}

/** In this order, as far as it must be: first what a person does not see, then what matters least, last what it is about. */
const STAGES: readonly Stage[] = [
  {},
  { without: () => ({ data: undefined }) },
  { without: () => ({ icon: undefined }) },
  { without: ({ actions }) => ({ actions: actions.map(({ id, title }) => ({ id, title })) }) },
  { body: (units) => Math.ceil(units / 2) },
  { without: () => ({ category: undefined }) },
  { body: () => 0 },
  { title: (units) => Math.min(64, units) },
  { without: () => ({ actions: [] }) },
  { without: () => ({ url: undefined }) },
  { title: (units) => Math.min(8, units) },
  { without: () => ({ topic: undefined }) },
];
/** The first thing to go where only a worker reads what is pushed, and the last where the browser does. */
const UNREPEATED: Stage = { without: () => ({ repeated: false }) };
const FOR_WORKERS = STAGES.toSpliced(1, 0, UNREPEATED);
const FOR_BROWSERS = [...STAGES, UNREPEATED];

/** What fits, and at which stage: with less room it is not an earlier one. */
export interface Fitted {
  readonly content: PushContent;
  readonly stage: number;
}

/**
 * Leaves out as little as must be: the first stage at which the least of it fits, and then as much of the texts as does. Never fails: what is left at
 * the last stage is what it is.
 */
export function fitted(content: PushContent, isDeclarative: boolean, fits: Fits, from = 0): Fitted {
  const stages = isDeclarative ? FOR_BROWSERS : FOR_WORKERS;
  const title = new CuttableText(content.title);
  const body = new CuttableText(content.body ?? '');
  const left = { ...content };
  let [titleUnits, bodyUnits] = [title.length, body.length];
  const withTexts = (first: number, second: number): PushContent => ({
    ...left,
    title: title.first(first),
    body: second === 0 ? undefined : body.first(second),
  });
  for (const [stage, { without, ...least }] of stages.entries()) {
    if (without !== undefined) Object.assign(left, without(left));
    titleUnits = least.title?.(title.length) ?? titleUnits;
    bodyUnits = least.body?.(body.length) ?? bodyUnits;
    const isLast = stage === stages.length - 1;
    if (stage < from || !(isLast || fits(withTexts(titleUnits, bodyUnits)))) continue;
    titleUnits += largest(title.length - titleUnits, (more) => fits(withTexts(titleUnits + more, bodyUnits)));
    bodyUnits += largest(body.length - bodyUnits, (more) => fits(withTexts(titleUnits, bodyUnits + more)));
    return { content: withTexts(titleUnits, bodyUnits), stage };
  }
  throw new Error('there is a last stage');
}
