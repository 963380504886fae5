import { createParamDecorator, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Access, Limits, ownCookie, type Principal } from '#clarion/access';

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
  readonly #limits: Limits;

  constructor(@Inject(Access) access: Access, @Inject(Limits) limits: Limits) {
    this.#access = access;
    this.#limits = limits;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    request.principal = await callerOf(request, this.#access, this.#limits);
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
 * @throws {DomainError} (or rejects) as `Access.authenticate`; `rate.limited` when this address fails too often.
 */
export function callerOf(request: FastifyRequest, access: Access, limits: Limits): Principal | Promise<Principal> {
  const { authorization } = request.headers;
  const holder = access.keyHolder(authorization, request.raw.socket);
  if (holder !== undefined) return holder;
  const known = access.authenticate({ authorization, accessToken: tokenOf(request.query), cookie: ownCookie(request) });
  return limits.login(limits.clientAddress(request.raw), known);
}

/** One `access_token`; of several, none is believed. */
function tokenOf(query: unknown): string | undefined {
  if (typeof query !== 'object' || query === null || !('access_token' in query)) return undefined;
  return typeof query.access_token === 'string' ? query.access_token : '';
}
