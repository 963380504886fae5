import type { PushAction, PushMessage } from '#clarion/notifications';
import { Graphemes, largest } from './graphemes.js';

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

/** A title that is made of a body has so many characters at most. */
const TITLE_OF_BODY = 80;
/** Fewer characters of a title say nothing. */
const LEAST_TITLE = 8;

/** All of it. */
export function contentOf(message: ShowMessage): PushContent {
  const { url, icon, data, category, topic, actions } = message;
  return { ...textOf(message), url, icon, data, category, topic, actions, repeated: true };
}

/** A notification has a title, always: without one its body is. */
function textOf({ title, body, topic }: ShowMessage): Pick<PushContent, 'title' | 'body'> {
  const said = body === '' ? undefined : body;
  if (title !== undefined) return { title, body: said };
  if (said === undefined) return { title: topic, body: undefined };
  const graphemes = new Graphemes(said);
  return graphemes.length <= TITLE_OF_BODY
    ? { title: graphemes.first(TITLE_OF_BODY), body: undefined }
    : { title: graphemes.first(TITLE_OF_BODY), body: said };
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
  const graphemes = new Graphemes(text);
  const floor = field === 'title' ? Math.min(LEAST_TITLE, graphemes.length) : Math.ceil(graphemes.length * least);
  const more = largest(graphemes.length - floor, (count) =>
    fits({ ...content, [field]: graphemes.first(floor + count) }),
  );
  const count = floor + more;
  return { ...content, [field]: count === 0 ? undefined : graphemes.first(count) };
}
