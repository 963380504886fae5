/** @typedef {{ status: number, title: string, code: string, detail?: string, errors?: { pointer: string, detail: string }[] }} Problem */

/** The server answered and refused; `problem` is its RFC 9457 document. */
export class Refusal extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(`${problem.code}: ${problem.title}`);
    this.problem = problem;
  }
}

/** How long one request may take, in milliseconds, before its outcome counts as unknown. */
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Sends one JSON body and gives the JSON answer; nothing of one without content.
 * @param {string} path Relative to the page, which may live below a prefix.
 * @param {string} credential
 * @param {unknown} body
 * @param {Record<string, string>} [headers]
 * @returns {Promise<{ status: number, answer: unknown }>}
 * @throws {Refusal} The server said no.
 * @throws {TypeError | DOMException} Nobody answered: whether the server has acted is unknown.
 */
export function post(path, credential, body, headers = {}) {
  return send('POST', path, credential, body, headers);
}

/**
 * The same with any method; without a body if that is undefined.
 * @param {'GET' | 'POST' | 'PUT' | 'DELETE'} method
 * @param {string} path
 * @param {string} credential
 * @param {unknown} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Promise<{ status: number, answer: unknown }>}
 * @throws {Refusal | TypeError | DOMException}
 */
export async function send(method, path, credential, body, headers = {}) {
  const response = await fetch(address(path), {
    method,
    headers: {
      authorization: `Bearer ${credential}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    credentials: 'omit',
    cache: 'no-store',
  });
  if (!response.ok) throw new Refusal(await problemOf(response));
  return { status: response.status, answer: response.status === 204 ? undefined : await response.json() };
}

/** @param {string} path @returns {URL} */
export function address(path) {
  return new URL(path, document.baseURI);
}

/**
 * The problem that a response carries, or one made from its status when something in between answered.
 * @param {Response} response
 * @returns {Promise<Problem>}
 */
export async function problemOf(response) {
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json') ?? false;
  if (isProblem) return response.json();
  return {
    status: response.status,
    title: `The server answered ${response.status} ${response.statusText}`,
    code: 'unknown',
  };
}

/** @param {number} ms @returns {Promise<void>} */
export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
