import { Controller, Delete, Get, HttpCode, Inject, Param, Query, UseGuards } from '@nestjs/common';
import { Access, type ActContext, type Principal } from '#clarion/access';
import { ApiOperation, ApiTags } from '#clarion/api-docs';
import { connectionListSchema, connectionsQuerySchema, DomainError } from '#clarion/protocol';
import { Realtime } from '#clarion/realtime';
import type { z } from 'zod';
import { AdministratorGuard, Context } from './administration.js';
import { JsonAnswer, NoContent, Problems, QueryOf } from './route-docs.js';
import { AuthenticationGuard, Caller } from './authentication.guard.js';
import { parseInput } from './parse-input.js';
import { readableQuery } from './readable-query.js';

/** `/v1/connections`: who is connected to this node, whatever the transport. */
@ApiTags('administration')
@Controller('v1/connections')
@UseGuards(AuthenticationGuard, AdministratorGuard)
export class ConnectionsController {
  readonly #access: Access;
  readonly #realtime: Realtime;

  constructor(@Inject(Access) access: Access, @Inject(Realtime) realtime: Realtime) {
    this.#access = access;
    this.#realtime = realtime;
  }

  @Get()
  @ApiOperation({
    summary: 'List connections',
    description: 'Of this node, in pages. Needs an API key that may administer.',
  })
  @QueryOf(connectionsQuerySchema)
  @JsonAnswer(200, connectionListSchema, 'One page.')
  @Problems('credentials.missing', 'right.missing', 'query.invalid')
  async list(
    @Caller() who: Principal,
    @Query() query: Record<string, unknown>,
  ): Promise<z.input<typeof connectionListSchema>> {
    const request = parseInput('query.invalid', connectionsQuerySchema, readableQuery(query));
    const { connections, nextPage } = await this.#realtime.connections(request);
    return {
      connections: connections.map((connection) => ({
        ...connection,
        topics: [...connection.topics],
        since: new Date(connection.since).toISOString(),
      })),
      nextPage,
    };
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Close a connection',
    description: 'Its client is told `closed.by_operator`, and may come back. Needs an API key that may administer.',
  })
  @NoContent('It is closed.')
  @Problems('credentials.missing', 'right.missing', 'connection.unknown')
  async close(@Caller() who: Principal, @Param('id') id: string, @Context() context: ActContext): Promise<void> {
    if (!(await this.#realtime.isConnected(id))) throw new DomainError('connection.unknown');
    await this.#access.audit(who, { act: 'connection.closed', target: id }, context);
    // One that has gone meanwhile is closed as well.
    await this.#realtime.close(id);
  }
}
