import { Server } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { protectiveHeaders } from '#clarion/access';
import { isOwnRoute } from './own-routes.js';

/**
 * Has each answer of this server say what browsers must not do with it, whatever it becomes; pages set their own in place of these. Before
 * all other hooks: some of them answer.
 */
export function protectAnswers(server: FastifyInstance): void {
  const headers = protectiveHeaders(server.server instanceof Server);
  /** Then nobody has to ask of each request whose it is. */
  let alone = true;
  server.addHook('onRoute', ({ url }) => {
    alone &&= isOwnRoute(url);
  });
  server.addHook('onRequest', (request, reply, done) => {
    if (alone || isOwnRoute(request.routeOptions.url)) reply.headers(headers);
    done();
  });
}
