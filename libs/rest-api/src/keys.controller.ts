import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { Access, type ActContext, type KeyInfo, type Principal, type RevealedKey } from '#clarion/access';
import { ApiOperation, ApiTags } from '#clarion/api-docs';
import {
  apiKeySchema,
  createdKeySchema,
  DomainError,
  keyListSchema,
  keysQuerySchema,
  newKeySchema,
  rotateKeySchema,
} from '#clarion/protocol';
import type { z } from 'zod';
import { AdministratorGuard, Context } from './administration.js';
import { JsonAnswer, JsonBody, NoContent, Problems, QueryOf } from './route-docs.js';
import { AuthenticationGuard, Caller } from './authentication.guard.js';
import { parseInput } from './parse-input.js';
import { readableQuery } from './readable-query.js';

/** A key as answers show it. */
type KeyBody = Omit<z.input<typeof apiKeySchema>, 'rights'> & Pick<KeyInfo, 'rights'>;

const PAGE_TOKEN = /^(?<createdAt>\d{1,15})-(?<id>[0-9a-f]{1,32})$/;

/** `/v1/keys`: API keys, for those who administer. */
@ApiTags('administration')
@Controller('v1/keys')
@UseGuards(AuthenticationGuard, AdministratorGuard)
export class KeysController {
  readonly #access: Access;

  constructor(@Inject(Access) access: Access) {
    this.#access = access;
  }

  @Post()
  @ApiOperation({
    summary: 'Make an API key',
    description:
      'Needs an API key with the right `admin`, and grants nothing beyond the rights and the end of that key. Shows the new key, once.',
  })
  @JsonBody(newKeySchema)
  @JsonAnswer(201, createdKeySchema, 'The key, shown once.')
  @Problems('json.invalid', 'credentials.missing', 'key.invalid', 'right.missing', 'topic.forbidden', 'body.invalid')
  async create(
    @Caller() who: Principal,
    @Body() body: unknown,
    @Context() context: ActContext,
  ): Promise<KeyBody & { key: string }> {
    const { expiresAt, ...wanted } = parseInput('body.invalid', newKeySchema, body);
    const end = expiresAt === undefined ? undefined : Date.parse(expiresAt);
    return revealed(await this.#access.createKey(who, { ...wanted, expiresAt: end }, context));
  }

  @Get()
  @ApiOperation({ summary: 'List the API keys', description: 'In pages, newest first; expired ones too, no secrets.' })
  @QueryOf(keysQuerySchema)
  @JsonAnswer(200, keyListSchema, 'One page.')
  @Problems('credentials.missing', 'right.missing', 'query.invalid')
  list(@Caller() who: Principal, @Query() query: Record<string, unknown>): { keys: KeyBody[]; nextPage?: string } {
    const { limit, page } = parseInput('query.invalid', keysQuerySchema, readableQuery(query));
    const keys = this.#access.listKeys(who).filter(isBehind(page));
    const shown = keys.slice(0, limit);
    const last = shown.at(-1);
    return {
      keys: shown.map(bodyOf),
      ...(keys.length > limit && last !== undefined && { nextPage: `${last.createdAt}-${last.id}` }),
    };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read what is known of an API key', description: 'Its rights and when it was last used.' })
  @JsonAnswer(200, apiKeySchema, 'The key, without its secret.')
  @Problems('credentials.missing', 'right.missing', 'key.unknown')
  read(@Caller() who: Principal, @Param('id') id: string): KeyBody {
    return bodyOf(this.#access.readKey(who, id));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Delete an API key',
    description: 'It is refused from then on; connections that were opened with it end.',
  })
  @NoContent('It is refused.')
  @Problems('credentials.missing', 'right.missing', 'key.unknown')
  async delete(@Caller() who: Principal, @Param('id') id: string, @Context() context: ActContext): Promise<void> {
    await this.#access.deleteKey(who, id, context);
  }

  @Post(':id/rotate')
  @ApiOperation({
    summary: 'Give an API key a new secret',
    description:
      'The secret until now stays good for `overlapS` seconds, so that services can change over one by one; one that a rotation before had left ends at once. Connections stay. Needs a key that may do no less.',
  })
  @JsonBody(rotateKeySchema, { optional: true })
  @JsonAnswer(201, createdKeySchema, 'The key with its new secret, shown once.')
  @Problems('json.invalid', 'credentials.missing', 'right.missing', 'key.unknown', 'body.invalid')
  async rotate(
    @Caller() who: Principal,
    @Param('id') id: string,
    @Body() body: unknown,
    @Context() context: ActContext,
  ): Promise<KeyBody & { key: string }> {
    const { overlapS } = parseInput('body.invalid', rotateKeySchema, body === undefined ? {} : body);
    return revealed(await this.#access.rotateKey(who, id, overlapS * 1_000, context));
  }
}

/** @throws {DomainError} `query.invalid` for what is no page token. */
function isBehind(page: string | undefined): (key: KeyInfo) => boolean {
  if (page === undefined) return () => true;
  const { createdAt, id: lastId } = PAGE_TOKEN.exec(page)?.groups ?? {};
  if (createdAt === undefined || lastId === undefined)
    throw new DomainError('query.invalid', undefined, [{ pointer: '/page', detail: 'not a page token of this list' }]);
  const last = Number(createdAt);
  return (key) => key.createdAt < last || (key.createdAt === last && key.id > lastId);
}

function revealed({ key, ...info }: RevealedKey): KeyBody & { key: string } {
  return { ...bodyOf(info), key };
}

function bodyOf({ id, name, rights, createdAt, expiresAt, lastUsedAt, previousUntil }: KeyInfo): KeyBody {
  return {
    id,
    name,
    rights,
    createdAt: timeOf(createdAt),
    expiresAt: timeOf(expiresAt),
    lastUsedAt: timeOf(lastUsedAt),
    previousUntil: timeOf(previousUntil),
  };
}

function timeOf(ms: number): string;
function timeOf(ms: number | undefined): string | undefined;
function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
