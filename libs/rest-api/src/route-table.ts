import type { RouteOptions } from 'fastify';

/** Which methods each address has; tells "no such address" from "not with this method". */
export class RouteTable {
  readonly #methods = new Map<string, Set<string>>();

  /** For Fastify's `onRoute`. */
  add({ url, method }: Pick<RouteOptions, 'url' | 'method'>): void {
    const methods = this.#methods.get(url) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    this.#methods.set(url, methods);
  }

  /** The methods of the resource that a request addresses; empty when there is none. O(routes): for what no route has answered. */
  methodsOf(requestUrl: string): readonly string[] {
    const path = requestUrl.split('?', 1)[0] ?? '';
    const exact = this.#methods.get(path);
    if (exact !== undefined) return [...exact];
    const [, methods = []] = [...this.#methods].find(([url]) => fits(url, path)) ?? [];
    return [...methods];
  }
}

/** Whether the address is one of a route with parameters (`/v1/keys/:id`), each of which stands for one segment. */
function fits(url: string, path: string): boolean {
  if (!url.includes('/:')) return false;
  const wanted = url.split('/');
  const segments = path.split('/');
  return (
    wanted.length === segments.length &&
    wanted.every((part, i) => (part.startsWith(':') ? segments[i] !== '' : part === segments[i]))
  );
}
