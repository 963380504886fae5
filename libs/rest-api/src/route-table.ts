import type { RouteOptions } from 'fastify';

/** Which methods each address has; tells "no such address" from "not with this method". Addresses with parameters are not known to it. */
export class RouteTable {
  readonly #methods = new Map<string, Set<string>>();

  /** For Fastify's `onRoute`. */
  add({ url, method }: Pick<RouteOptions, 'url' | 'method'>): void {
    const methods = this.#methods.get(url) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    this.#methods.set(url, methods);
  }

  /** The methods of the resource that a request addresses; empty when there is none. */
  methodsOf(requestUrl: string): readonly string[] {
    return [...(this.#methods.get(requestUrl.split('?', 1)[0] ?? '') ?? [])];
  }
}
