import { Body, Controller, Get, Inject, Param, Put, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Access, Limits, type Principal } from '#clarion/access';
import { ApiOperation, ApiTags } from '#clarion/api-docs';
import { personFor, personOf, Preferences } from '#clarion/notifications';
import { preferencesSchema, wantedPreferencesSchema, type Preferences as ShownPreferences } from '#clarion/protocol';
import { JsonAnswer, JsonBody, Problems } from './route-docs.js';
import { AuthenticationGuard, Caller } from './authentication.guard.js';
import { parseInput } from './parse-input.js';

/** `/v1/me/preferences`, and the same of a person for whom a service acts. */
@ApiTags('people')
@Controller('v1')
@UseGuards(AuthenticationGuard)
export class PreferencesController {
  readonly #access: Access;
  readonly #limits: Limits;
  readonly #preferences: Preferences;

  constructor(
    @Inject(Access) access: Access,
    @Inject(Limits) limits: Limits,
    @Inject(Preferences) preferences: Preferences,
  ) {
    this.#access = access;
    this.#limits = limits;
    this.#preferences = preferences;
  }

  @Get('me/preferences')
  @ApiOperation({ summary: 'Read what one has chosen', description: 'And since when. Needs a subscriber token.' })
  @JsonAnswer(200, preferencesSchema, 'All preferences.')
  @Problems('credentials.missing', 'right.missing', 'rate.limited')
  getMine(@Caller() who: Principal, @Req() { raw }: FastifyRequest): Promise<ShownPreferences> {
    this.#limits.takeCommand(who, this.#limits.clientAddress(raw));
    return this.#preferences.get(personOf(who, this.#access));
  }

  @Put('me/preferences')
  @ApiOperation({
    summary: 'Choose what one wants to hear',
    description:
      'Replaces all preferences; what is absent is as the operator has it. The person’s devices hear an event `inbox`. Needs a subscriber token.',
  })
  @JsonBody(wantedPreferencesSchema)
  @JsonAnswer(200, preferencesSchema, 'All preferences, as they hold from now on.')
  @Problems(
    'json.invalid',
    'credentials.missing',
    'right.missing',
    'body.invalid',
    'category.unknown',
    'category.locked',
    'rate.limited',
  )
  setMine(@Caller() who: Principal, @Body() body: unknown, @Req() { raw }: FastifyRequest): Promise<ShownPreferences> {
    this.#limits.takeCommand(who, this.#limits.clientAddress(raw));
    const person = personOf(who, this.#access);
    return this.#preferences.set(person, parseInput('body.invalid', wantedPreferencesSchema, body));
  }

  @Get('users/:id/preferences')
  @ApiOperation({
    summary: 'Read what a person has chosen',
    description: 'Needs an API key that mints tokens for this person.',
  })
  @JsonAnswer(200, preferencesSchema, 'All preferences.')
  @Problems('credentials.missing', 'right.missing', 'token.subject_invalid', 'rate.limited')
  get(@Caller() who: Principal, @Param('id') id: string, @Req() { raw }: FastifyRequest): Promise<ShownPreferences> {
    this.#limits.takeCommand(who, this.#limits.clientAddress(raw));
    return this.#preferences.get(personFor(who, id, this.#access));
  }

  @Put('users/:id/preferences')
  @ApiOperation({
    summary: 'Choose for a person what they want to hear',
    description: 'As they would themselves. Needs an API key that mints tokens for this person.',
  })
  @JsonBody(wantedPreferencesSchema)
  @JsonAnswer(200, preferencesSchema, 'All preferences, as they hold from now on.')
  @Problems(
    'json.invalid',
    'credentials.missing',
    'right.missing',
    'token.subject_invalid',
    'body.invalid',
    'category.unknown',
    'category.locked',
    'rate.limited',
  )
  set(
    @Caller() who: Principal,
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() { raw }: FastifyRequest,
  ): Promise<ShownPreferences> {
    this.#limits.takeCommand(who, this.#limits.clientAddress(raw));
    const person = personFor(who, id, this.#access);
    return this.#preferences.set(person, parseInput('body.invalid', wantedPreferencesSchema, body));
  }
}
