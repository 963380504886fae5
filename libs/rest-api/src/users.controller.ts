import { Controller, HttpCode, Inject, Param, Post, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access, type ActContext, type Principal } from '#clarion/access';
import { disconnectedUserSchema } from '#clarion/protocol';
import { Realtime } from '#clarion/realtime';
import type { z } from 'zod';
import { AdministratorGuard, Context } from './administration.js';
import { JsonAnswer, Problems } from './api-docs.js';
import { AuthenticationGuard, Caller } from './authentication.guard.js';

/** `/v1/users`: what can be done to a person's access. */
@ApiTags('administration')
@Controller('v1/users')
@UseGuards(AuthenticationGuard, AdministratorGuard)
export class UsersController {
  readonly #access: Access;
  readonly #realtime: Realtime;

  constructor(@Inject(Access) access: Access, @Inject(Realtime) realtime: Realtime) {
    this.#access = access;
    this.#realtime = realtime;
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
}
