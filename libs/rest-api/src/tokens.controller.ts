import { Body, Controller, Inject, Post, UseGuards } from '@nestjs/common';
import { Access, type Principal } from '#clarion/access';
import { ApiOperation, ApiTags } from '#clarion/api-docs';
import { mintedTokenSchema, mintTokenSchema } from '#clarion/protocol';
import { JsonAnswer, JsonBody, Problems } from './route-docs.js';
import { AuthenticationGuard, Caller } from './authentication.guard.js';
import { parseInput } from './parse-input.js';

/** `POST /v1/tokens`: subscriber tokens for services that have no issuer of their own. */
@ApiTags('tokens')
@Controller('v1/tokens')
@UseGuards(AuthenticationGuard)
export class TokensController {
  readonly #access: Access;

  constructor(@Inject(Access) access: Access) {
    this.#access = access;
  }

  @Post()
  @ApiOperation({
    summary: 'Mint a subscriber token',
    description: 'Needs an API key with the right to mint for this person and these grants.',
  })
  @JsonBody(mintTokenSchema)
  @JsonAnswer(201, mintedTokenSchema, 'The token, shown once.')
  @Problems(
    'json.invalid',
    'credentials.missing',
    'right.missing',
    'topic.forbidden',
    'body.invalid',
    'token.subject_invalid',
  )
  async mint(@Caller() who: Principal, @Body() body: unknown): Promise<{ token: string; expiresAt: string }> {
    // Who may mint nothing at all hears that before anything about their body.
    this.#access.assertMint(who);
    const wanted = parseInput('body.invalid', mintTokenSchema, body);
    this.#access.assertMint(who, wanted);
    const { token, expiresAt } = await this.#access.mint(wanted);
    return { token, expiresAt: new Date(expiresAt).toISOString() };
  }
}
