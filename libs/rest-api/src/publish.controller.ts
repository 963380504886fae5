import { Body, Controller, Headers, HttpCode, Inject, Logger, Post, Res, UseGuards } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Principal } from '#clarion/access';
import { Publisher, type Published } from '#clarion/notifications';
import {
  batchResultSchema,
  batchSchema,
  DomainError,
  idempotencyKeySchema,
  MAX_BATCH_BYTES,
  MAX_PUBLISH_BYTES,
  parsePublish,
  publishedSchema,
  publishSchema,
  toInputErrors,
  type Problem,
  type PublishRequest,
} from '#clarion/protocol';
import { JsonAnswer, JsonBody, Problems } from './api-docs.js';
import { AuthenticationGuard, Caller } from './authentication.guard.js';
import { expectedError } from './expected-error.js';
import { parseInput } from './parse-input.js';

type BatchItemResult = { status: 201 | 202; id: string; cursor?: string } | { status: number; error: Problem };

/** `POST /v1/notifications` and its batch. */
@ApiTags('notifications')
@Controller('v1/notifications')
@UseGuards(AuthenticationGuard)
export class PublishController {
  readonly #publisher: Publisher;
  readonly #logger = new Logger(PublishController.name);

  constructor(@Inject(Publisher) publisher: Publisher) {
    this.#publisher = publisher;
  }

  @Post()
  @ApiOperation({
    summary: 'Publish a notification',
    description: 'Answers 201 when it is on disk, 202 when an ephemeral one was handed on.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'Like `idempotencyKey` in the body; both must agree.',
  })
  @JsonBody(publishSchema)
  @JsonAnswer(201, publishedSchema, 'On disk.', {
    'Idempotency-Replayed': '`true` when this is the first answer to the same key.',
  })
  @JsonAnswer(202, publishedSchema, 'Handed to those connected; ephemeral.')
  @Problems(
    'json.invalid',
    'key.invalid',
    'topic.forbidden',
    'body.too_large',
    'media_type.unsupported',
    'body.invalid',
    'overloaded',
  )
  async publish(
    @Caller() who: Principal,
    @Body() body: unknown,
    @Headers('idempotency-key') header: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Omit<Published, 'replayed'>> {
    assertIdentified(who);
    const draft = parsePublish(body);
    const { replayed, ...answer } = await this.#publisher.publish(who, draft, keyOf(draft, header));
    if (replayed) reply.header('idempotency-replayed', 'true');
    reply.code(statusOf(answer));
    return answer;
  }

  /**
   * Judges each item alone. All are handed on in one synchronous turn, so that their order in the log is that of the array, and
   * they share commits.
   */
  @Post('batch')
  @HttpCode(200)
  @RouteConfig({ maxBodyBytes: MAX_BATCH_BYTES })
  @ApiOperation({
    summary: 'Publish many',
    description: '1–1,000 notifications; each item is judged alone, the results come in order.',
  })
  @JsonBody(batchSchema)
  @JsonAnswer(200, batchResultSchema, 'One result per item, in order.')
  @Problems('json.invalid', 'key.invalid', 'body.too_large', 'media_type.unsupported', 'body.invalid')
  async batch(@Caller() who: Principal, @Body() body: unknown): Promise<{ results: BatchItemResult[] }> {
    assertIdentified(who);
    const { notifications } = parseInput('body.invalid', batchSchema, body);
    const outcomes = await Promise.allSettled(notifications.map((item) => this.#publishItem(who, item)));
    const bug = outcomes.find(
      (outcome) => outcome.status === 'rejected' && expectedError(outcome.reason) === undefined,
    );
    if (bug?.status === 'rejected') this.#logger.error(bug.reason);
    return { results: outcomes.map(toItemResult) };
  }

  async #publishItem(who: Principal, item: unknown): Promise<Published> {
    if (Buffer.byteLength(JSON.stringify(item)) > MAX_PUBLISH_BYTES) throw new DomainError('body.too_large');
    return this.#publisher.publish(who, parsePublish(item));
  }
}

/** Nobody may publish; those without credentials hear that before anything about their body. */
function assertIdentified(who: Principal): void {
  if (who.kind === 'anonymous') throw new DomainError('credentials.missing');
}

function toItemResult(outcome: PromiseSettledResult<Published>): BatchItemResult {
  if (outcome.status === 'rejected') {
    const error = (expectedError(outcome.reason) ?? new DomainError('internal')).toProblem();
    return { status: error.status, error };
  }
  const { replayed: _, ...answer } = outcome.value;
  return { status: statusOf(answer), ...answer };
}

function statusOf({ cursor }: Omit<Published, 'replayed'>): 201 | 202 {
  return cursor === undefined ? 202 : 201;
}

/** @throws {DomainError} `body.invalid` for a malformed header, or one that differs from the body's key. */
function keyOf({ idempotencyKey }: PublishRequest, header: string | undefined): string | undefined {
  if (header === undefined) return idempotencyKey;
  const parsed = idempotencyKeySchema.safeParse(header);
  if (!parsed.success)
    throw new DomainError(
      'body.invalid',
      'header Idempotency-Key',
      toInputErrors(parsed.error).map(({ detail }) => ({ pointer: '/idempotencyKey', detail })),
    );
  if (idempotencyKey !== undefined && idempotencyKey !== header)
    throw new DomainError('body.invalid', undefined, [
      { pointer: '/idempotencyKey', detail: 'differs from the header Idempotency-Key' },
    ]);
  return header;
}
