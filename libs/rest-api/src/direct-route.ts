import { RouteConfig, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyContextConfig, FastifyReply, FastifyRequest } from 'fastify';

/** Answers by itself. What it throws becomes a problem document, as everywhere. */
export type DirectHandler = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** A handler, and the class of the controller that it is a method of. */
interface DirectRoute {
  readonly controller: new (...dependencies: never[]) => object;
  readonly handler: DirectHandler;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by {@link Direct}. */
    readonly direct?: DirectRoute;
  }
}

/**
 * Has Fastify call the method itself: found, named and documented by Nest like any other, but without what Nest runs around it for each
 * request (guards, pipes, interceptors, decorated parameters; global ones too). For routes where that costs more than the work; the
 * method says who asks, and judges what they bring. Its arguments must be decorated with `@Req()` and `@Res()`.
 * @param config more for the route, as for `@RouteConfig()`.
 */
export function Direct(config: FastifyContextConfig = {}) {
  return (
    controller: { readonly constructor: Function },
    name: string,
    method: TypedPropertyDescriptor<DirectHandler>,
  ): void => {
    const direct = { controller: controller.constructor, handler: method.value };
    RouteConfig({ ...config, direct })(controller, name, method);
  };
}

/** Puts the methods marked with {@link Direct} in the place of Nest's routing. Before `app.init()`. */
export function useDirectRoutes(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRoute', (route) => {
      const direct = route.config?.direct;
      if (direct === undefined) return;
      const controller = app.get(direct.controller, { strict: false });
      route.handler = direct.handler.bind(controller);
    });
}
