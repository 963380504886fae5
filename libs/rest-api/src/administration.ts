import { createParamDecorator, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Access, ANONYMOUS, type ActContext } from '#clarion/access';

/**
 * Lets those through who hold an API key that may administer; others hear that before anything about their request. Behind
 * `AuthenticationGuard`.
 */
@Injectable()
export class AdministratorGuard implements CanActivate {
  readonly #access: Access;

  constructor(@Inject(Access) access: Access) {
    this.#access = access;
  }

  canActivate(context: ExecutionContext): boolean {
    const { principal = ANONYMOUS } = context.switchToHttp().getRequest<FastifyRequest>();
    this.#access.assertAdmin(principal);
    return true;
  }
}

/** What the audit log says of the request. */
export const Context = createParamDecorator((_: unknown, context: ExecutionContext): ActContext => {
  const { ip, id } = context.switchToHttp().getRequest<FastifyRequest>();
  return { address: ip, requestId: id };
});
