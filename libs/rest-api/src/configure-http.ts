import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Access } from '#clarion/access';
import { Publisher } from '#clarion/notifications';
import { MAX_PUBLISH_BYTES } from '#clarion/protocol';
import { useBodyLimits, useLoadShedding, useOriginCheck } from './api-hooks.js';
import { useDirectRoutes } from './direct-route.js';
import { parseJsonBody } from './json-body.js';
import { ProblemFilter } from './problem.filter.js';
import { RouteTable } from './route-table.js';

/**
 * Installs on the application what a module cannot: the JSON body parser (JSON is all that is taken), body limits, the Origin
 * check, and problem documents for every error. Call it once, before `app.init()` or `app.listen()`.
 */
export function configureHttp(app: NestFastifyApplication): void {
  const server = app.getHttpAdapter().getInstance();
  const routes = new RouteTable();
  server.addHook('onRoute', (route) => routes.add(route));
  useBodyLimits(server);
  useLoadShedding(server, app.get(Publisher, { strict: false }));
  useDirectRoutes(app);
  useOriginCheck(server, app.get(Access));
  server.removeContentTypeParser('text/plain');
  app.useBodyParser('application/json', { bodyLimit: MAX_PUBLISH_BYTES }, (_request, body, done) => {
    try {
      done(null, parseJsonBody(body));
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  });
  app.useGlobalFilters(new ProblemFilter(routes, app.getHttpAdapter()));
}
