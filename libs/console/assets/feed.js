/**
 * What all ways of listening have in common: the words in which they tell the page what happens.
 *
 * @typedef {'closed' | 'connecting' | 'live' | 'reconnecting' | 'refused'} FeedState
 *
 * @typedef {{ id: string, title: string, url?: string }} Action Something to choose.
 *
 * @typedef {object} Notification As the server sends it; every text in it is somebody else's.
 * @property {string} id
 * @property {string} [cursor] Absent for ephemeral ones.
 * @property {string} topic
 * @property {string} [type]
 * @property {string} [title]
 * @property {string} [body]
 * @property {string} [url]
 * @property {string} [icon]
 * @property {unknown} [data]
 * @property {string} [category]
 * @property {readonly Action[]} [actions]
 * @property {string} [collapseKey]
 * @property {string} [priority]
 * @property {true} [ephemeral]
 * @property {{ user: string }} [from] Whose token published it; absent: a service did.
 * @property {string} publishedAt
 * @property {string} [expiresAt]
 * @property {string} [updatedAt]
 *
 * @typedef {'updated' | 'retracted' | 'inbox' | 'summary'} OtherKind Events that are no notifications; those which are not listed are ignored.
 *
 * @typedef {object} Bye The server's last word on a connection.
 * @property {string} reason
 * @property {number} [retryAfterMs]
 * @property {string} [use] A transport to come back with.
 *
 * @typedef {object} FeedListener
 * @property {(state: FeedState, problem?: import('./api.js').Problem) => void} state
 * @property {(notification: Notification) => void} notification
 * @property {(kind: OtherKind, data: unknown) => void} [other]
 * @property {(cursor: string) => void} cursor
 * @property {(reason: string) => void} gap
 * @property {(bye: Bye) => void} bye
 * @property {(name: string) => void} transport
 * @property {() => void} requested A request, or a handshake, was made.
 * @property {(bytes: number) => void} received
 *
 * @typedef {object} FeedOptions
 * @property {import('./tokens.js').Tokens} tokens
 * @property {readonly string[]} topics
 * @property {import('./starting-place.js').StartingPlace} start
 * @property {FeedListener} listener
 *
 * @typedef {object} Feed
 * @property {(since?: string) => void} open Goes on after this cursor, or where it stopped.
 * @property {() => void} close
 * @property {(token: string) => void} renew
 */

/** @type {readonly OtherKind[]} */
export const OTHER_KINDS = ['updated', 'retracted', 'inbox', 'summary'];

/** Problems of a token that has had its time, or that a server with another secret does not know: a new one may do. */
const CURED_BY_A_TOKEN = new Set(['token.expired', 'token.invalid']);

/** Waits between tries, in milliseconds; the last one repeats. */
const RETRY_MS = [500, 1_000, 2_000];

/** @param {string} code */
export function curedByToken(code) {
  return CURED_BY_A_TOKEN.has(code);
}

/** Whether asking again in the same way will not help. @param {import('./api.js').Problem | undefined} problem */
export function isFinal(problem) {
  return problem !== undefined && problem.status >= 400 && problem.status < 500 && ![408, 429].includes(problem.status);
}

/** How long to wait after so many failures, in milliseconds, so that pages do not return as one. @param {number} failures */
export function retryDelay(failures) {
  return (RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 0) * (0.75 + Math.random() / 2);
}
