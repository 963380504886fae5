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
/** Less of a title says nothing. */
const LEAST_TITLE = 8;

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

/** In this order, as far as it must be: first what a person does not see, then what matters least, last what it is about. */
const STEPS: readonly ((content: PushContent, fits: Fits) => PushContent)[] = [
  (content) => ({ ...content, data: undefined }),
  (content) => ({ ...content, icon: undefined }),
  (content) => ({ ...content, actions: content.actions.map(({ id, title }) => ({ id, title })) }),
  (content, fits) => withText(content, 'body', 0.5, fits),
  (content) => ({ ...content, category: undefined }),
  (content, fits) => withText(content, 'body', 0, fits),
  (content, fits) => withText(content, 'title', 0, fits),
  (content) => ({ ...content, actions: [] }),
  (content) => ({ ...content, url: undefined }),
  (content) => ({ ...content, topic: undefined }),
];
/** After the icon. The first of all where only a worker reads what is pushed. */
const UNREPEATED = (content: PushContent): PushContent => ({ ...content, repeated: false });

/** Leaves out as little as must be. Never fails: when nothing more can be left out, that is it. */
export function shortened(content: PushContent, isDeclarative: boolean, fits: Fits): PushContent {
  const steps = isDeclarative ? [...STEPS, UNREPEATED] : [UNREPEATED, ...STEPS];
  let left = content;
  for (const step of steps) {
    if (fits(left)) return left;
    left = step(left, fits);
  }
  return left;
}

/** As much of a text as fits, though not less than this part of it, and of a title not too little. Nothing of a body: none. */
function withText(content: PushContent, field: 'title' | 'body', least: number, fits: Fits): PushContent {
  const text = content[field];
  if (text === undefined) return content;
  const cuttable = new CuttableText(text);
  const floor = field === 'title' ? Math.min(LEAST_TITLE, cuttable.length) : Math.ceil(cuttable.length * least);
  const more = largest(cuttable.length - floor, (units) =>
    fits({ ...content, [field]: cuttable.first(floor + units) }),
  );
  const units = floor + more;
  return { ...content, [field]: units === 0 ? undefined : cuttable.first(units) };
}
