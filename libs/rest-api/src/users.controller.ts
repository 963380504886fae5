import { Controller, Delete, Get, Header, HttpCode, Inject, Param, Post, UseGuards } from '@nestjs/common';
import { Access, type ActContext, type Principal } from '#clarion/access';
import { ApiOperation, ApiTags } from '#clarion/api-docs';
import { Erasure } from '#clarion/notifications';
import { disconnectedUserSchema, exportedUserSchema } from '#clarion/protocol';
import { Realtime } from '#clarion/realtime';
import type { z } from 'zod';
import { AdministratorGuard, Context } from './administration.js';
import { JsonAnswer, NoContent, Problems } from './route-docs.js';
import { AuthenticationGuard, Caller } from './authentication.guard.js';

/** `/v1/users`: what can be done to a person's access. */
@ApiTags('administration')
@Controller('v1/users')
@UseGuards(AuthenticationGuard, AdministratorGuard)
export class UsersController {
  readonly #access: Access;
  readonly #realtime: Realtime;

  readonly #erasure: Erasure;

  constructor(@Inject(Access) access: Access, @Inject(Realtime) realtime: Realtime, @Inject(Erasure) erasure: Erasure) {
    this.#access = access;
    this.#realtime = realtime;
    this.#erasure = erasure;
  }

  @Post(':id/disconnect')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Disconnect a person',
    description:
      'Voids all tokens of this person that were issued up to now, and ends the connections that came by them with `access.revoked`. A token that is minted from then on is good. Needs an API key that may administer.',
  })
  @JsonAnswer(200, disconnectedUserSchema, 'The tokens are void.')
  @Problems('credentials.missing', 'right.missing', 'token.subject_invalid')
  async disconnect(
    @Caller() who: Principal,
    @Param('id') id: string,
    @Context() context: ActContext,
  ): Promise<z.input<typeof disconnectedUserSchema>> {
    const disconnected = await this.#realtime.count(id);
    await this.#access.disconnectUser(who, id, context);
    return { disconnected };
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Erase a person',
    description:
      'Removes what is stored of them: notifications to them alone, their name from others’ audience, marks, follows, preferences, receipts; voids their tokens and ends their connections. What they published themselves stays. Backups are not touched. Needs an API key that may administer.',
  })
  @NoContent('It is gone.')
  @Problems('credentials.missing', 'right.missing', 'token.subject_invalid')
  async erase(@Caller() who: Principal, @Param('id') id: string, @Context() context: ActContext): Promise<void> {
    await this.#erasure.erase(who, id, context);
  }

  @Get(':id/export')
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({
    summary: 'Export what is stored of a person',
    description: 'As of one moment. Needs an API key that may administer.',
  })
  @JsonAnswer(200, exportedUserSchema, 'All of it.')
  @Problems('credentials.missing', 'right.missing', 'token.subject_invalid')
  async export(@Caller() who: Principal, @Param('id') id: string): Promise<string> {
    const { notifications, ...person } = await this.#erasure.export(who, id);
    return `{"notifications":[${notifications.join(',')}],${JSON.stringify(person).slice(1)}`;
  }
}
