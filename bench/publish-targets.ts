import type { PublishTarget } from './messages.js';

/** Where and what to publish; the topic's number takes the place of `{topic}` in the path or the message. */
export interface PostOptions {
  readonly port: number;
  readonly path: string;
  readonly message: string;
  /** 1 if not given. */
  readonly topics?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A message by itself. */
export const ALONE: PublishTarget['batch'] = { size: 1, before: '', after: '' };

/** Each message is a POST, each lane a kept connection. */
export function singlePosts({ port, path, message, topics = 1, headers = {} }: PostOptions): PublishTarget {
  return { protocol: 'http', port, path, message, topics, headers, batch: ALONE, lanesPerConnection: 1 };
}

/** The body that all servers on Node get; `extra` are further members, each with a comma after it. */
export function topicBody(topicPrefix: string, payload: string, extra = ''): string {
  return `{"topic":"${topicPrefix}{topic}",${extra}"data":${payload}}`;
}
