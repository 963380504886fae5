import { createParamDecorator, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Access, type Principal } from '#clarion/access';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set by {@link AuthenticationGuard}. */
    principal?: Principal;
  }
}

/** Finds out who asks, before anything is said about what they ask. Without credentials that is nobody: rights are the domain's. */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  readonly #access: Access;

  constructor(@Inject(Access) access: Access) {
    this.#access = access;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    request.principal = await callerOf(request, this.#access);
    return true;
  }
}

/** The {@link Principal} of the request. Only on routes behind {@link AuthenticationGuard}. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.switchToHttp().getRequest<FastifyRequest>();
  if (principal === undefined) throw new Error('this route is not behind the AuthenticationGuard');
  return principal;
});

/**
 * Who asks, as the request's credentials say; a promise only when a token must be verified.
 * @throws {DomainError} (or rejects) as `Access.authenticate`.
 */
export function callerOf({ headers, query }: FastifyRequest, access: Access): Principal | Promise<Principal> {
  const { authorization, cookie } = headers;
  return access.keyHolder(authorization) ?? access.authenticate({ authorization, accessToken: tokenOf(query), cookie });
}

/** One `access_token`; of several, none is believed. */
function tokenOf(query: unknown): string | undefined {
  if (typeof query !== 'object' || query === null || !('access_token' in query)) return undefined;
  return typeof query.access_token === 'string' ? query.access_token : '';
}
