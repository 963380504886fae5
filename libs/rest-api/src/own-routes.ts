/** The routes of this server; an application around it has routes, and errors and headers, of its own. */
const OWN_ROUTES = /^\/(?:(?:v1|docs|health|metrics|console)(?:\/|$)|sw\.js$|$)/;

/** Whether a route's pattern is of this server, or is none at all: an address that nobody answers is answered by us. */
export function isOwnRoute(pattern: string | undefined): boolean {
  return pattern === undefined || OWN_ROUTES.test(pattern);
}
