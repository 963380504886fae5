import { Controller, Get, Inject, Param, Query, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Access, Limits, type Principal } from '#clarion/access';
import { ApiOperation, ApiTags } from '#clarion/api-docs';
import { LastSeen } from '#clarion/notifications';
import {
  DomainError,
  isUserId,
  presenceListSchema,
  presenceQuerySchema,
  userPresenceSchema,
  type PresenceList,
  type UserPresence,
} from '#clarion/protocol';
import { Realtime } from '#clarion/realtime';
import { JsonAnswer, Problems, QueryOf } from './route-docs.js';
import { AuthenticationGuard, Caller } from './authentication.guard.js';
import { parseInput } from './parse-input.js';
import { readableQuery } from './readable-query.js';

/** Who is on a topic, and whether a person is there at all. */
@ApiTags('presence')
@Controller('v1')
@UseGuards(AuthenticationGuard)
export class PresenceController {
  readonly #access: Access;
  readonly #limits: Limits;
  readonly #realtime: Realtime;
  readonly #lastSeen: LastSeen;

  constructor(
    @Inject(Access) access: Access,
    @Inject(Limits) limits: Limits,
    @Inject(Realtime) realtime: Realtime,
    @Inject(LastSeen) lastSeen: LastSeen,
  ) {
    this.#access = access;
    this.#limits = limits;
    this.#realtime = realtime;
    this.#lastSeen = lastSeen;
  }

  @Get('presence')
  @ApiOperation({
    summary: 'List who is on a topic',
    description:
      'People with a stream or two-way connection to this node that reads exactly it, but for those who hide. Needs an API key that reads the topic, or a token that reads it and grants its presence. Over Socket.IO and WebSocket the command `presence` can watch as well.',
  })
  @QueryOf(presenceQuerySchema)
  @JsonAnswer(200, presenceListSchema, 'Who is there.')
  @Problems('credentials.missing', 'topic.forbidden', 'query.invalid', 'rate.limited')
  async list(
    @Caller() who: Principal,
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
  ): Promise<PresenceList> {
    this.#takeCommand(who, request);
    const { topic } = parseInput('query.invalid', presenceQuerySchema, readableQuery(query));
    return this.#realtime.presence.ask(this.#access.assertPresence(who, topic));
  }

  @Get('users/:id/presence')
  @ApiOperation({
    summary: 'Read whether a person is there',
    description:
      'By which devices they are connected to this node, and when they were last. Who hides is shown to themself alone. Needs an API key that mints for this person or may administer, or their own token.',
  })
  @JsonAnswer(200, userPresenceSchema, 'As of now.')
  @Problems('credentials.missing', 'right.missing', 'token.subject_invalid', 'rate.limited')
  async user(
    @Caller() who: Principal,
    @Param('id') user: string,
    @Req() request: FastifyRequest,
  ): Promise<UserPresence> {
    this.#takeCommand(who, request);
    assertMaySee(who, user, this.#access);
    if (who.kind === 'key' && (await this.#realtime.presence.isHidden(user))) return { online: false, devices: [] };
    const [devices, seenAt] = await Promise.all([this.#realtime.devicesOf(user), this.#lastSeen.of(user)]);
    return {
      online: devices.length > 0,
      devices,
      ...(devices.length === 0 && seenAt !== undefined && { lastSeenAt: new Date(seenAt).toISOString() }),
    };
  }

  /** @throws {DomainError} `rate.limited`. */
  #takeCommand(who: Principal, { raw }: FastifyRequest): void {
    this.#limits.takeCommand(who, this.#limits.clientAddress(raw));
  }
}

/** @throws {DomainError} `credentials.missing`, `right.missing`, `token.subject_invalid`. */
function assertMaySee(who: Principal, user: string, access: Access): void {
  if (who.kind === 'subscriber' && who.sub !== user)
    throw new DomainError('right.missing', 'a token shows its own person alone');
  const administers = who.kind === 'key' && (who.rights === 'all' || who.rights.admin);
  if (who.kind !== 'subscriber' && !administers) access.assertMint(who, { sub: user });
  if (!isUserId(user)) throw new DomainError('token.subject_invalid');
}
