import { Controller, Get, Inject, Query, UseGuards } from '@nestjs/common';
import { Access, type Principal } from '#clarion/access';
import { ApiOperation, ApiTags } from '#clarion/api-docs';
import { auditLogSchema, auditQuerySchema, DomainError } from '#clarion/protocol';
import type { z } from 'zod';
import { AdministratorGuard } from './administration.js';
import { JsonAnswer, Problems, QueryOf } from './route-docs.js';
import { AuthenticationGuard, Caller } from './authentication.guard.js';
import { parseInput } from './parse-input.js';
import { readableQuery } from './readable-query.js';

/** A page token is the number of the last entry that was shown. */
const PAGE_TOKEN = /^\d{1,15}$/;

/** `GET /v1/audit`: who administered what, and when. */
@ApiTags('administration')
@Controller('v1/audit')
@UseGuards(AuthenticationGuard, AdministratorGuard)
export class AuditController {
  readonly #access: Access;

  constructor(@Inject(Access) access: Access) {
    this.#access = access;
  }

  @Get()
  @ApiOperation({
    summary: 'Read the audit log',
    description: 'Every administrative act, in pages, newest first. Needs an API key with the right `admin`.',
  })
  @QueryOf(auditQuerySchema)
  @JsonAnswer(200, auditLogSchema, 'One page.')
  @Problems('credentials.missing', 'right.missing', 'query.invalid')
  async page(
    @Caller() who: Principal,
    @Query() query: Record<string, unknown>,
  ): Promise<z.input<typeof auditLogSchema>> {
    const { limit, page } = parseInput('query.invalid', auditQuerySchema, readableQuery(query));
    const { entries, more } = await this.#access.auditLog(who, { limit, before: beforeOf(page) });
    const last = entries.at(-1);
    return {
      entries: entries.map(({ seq, at, ...entry }) => ({ seq, at: new Date(at).toISOString(), ...entry })),
      ...(more && last !== undefined && { nextPage: String(last.seq) }),
    };
  }
}

/** @throws {DomainError} `query.invalid` for what is no page token. */
function beforeOf(page: string | undefined): number | undefined {
  if (page === undefined) return undefined;
  if (!PAGE_TOKEN.test(page))
    throw new DomainError('query.invalid', undefined, [{ pointer: '/page', detail: 'not a page token of this list' }]);
  return Number(page);
}
