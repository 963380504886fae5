import { Body, Controller, Get, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { ANONYMOUS, Limits } from '#clarion/access';
import { ApiOperation, ApiTags } from '#clarion/api-docs';
import { Devices, PushReports, Renewals } from '#clarion/notifications';
import { pushKeySchema, pushReportSchema, renewedSubscriptionSchema } from '#clarion/protocol';
import { JsonAnswer, JsonBody, NoContent, Problems } from './route-docs.js';
import { parseInput } from './parse-input.js';

/** Whoever has a ticket alone has no token: what is read of strangers is no longer than it must be. */
const MAX_REPORT_BYTES = 1_024;
const MAX_SUBSCRIPTION_BYTES = 4_096;

/** `/v1/push`: what browsers need to be pushed to, and what their service workers say of it. Asks nobody for credentials, and looks at none. */
@ApiTags('push')
@Controller('v1/push')
export class PushController {
  readonly #limits: Limits;
  readonly #devices: Devices;
  readonly #reports: PushReports;
  readonly #renewals: Renewals;

  constructor(
    @Inject(Limits) limits: Limits,
    @Inject(Devices) devices: Devices,
    @Inject(PushReports) reports: PushReports,
    @Inject(Renewals) renewals: Renewals,
  ) {
    this.#limits = limits;
    this.#devices = devices;
    this.#reports = reports;
    this.#renewals = renewals;
  }

  @Get('key')
  @ApiOperation({
    summary: 'Get the key with which browsers subscribe',
    description: 'For `pushManager.subscribe({ applicationServerKey })`. It is public: no credentials are needed.',
    security: [],
  })
  @JsonAnswer(200, pushKeySchema, 'The key.')
  @Problems('push.unavailable', 'rate.limited')
  key(@Req() request: FastifyRequest): { publicKey: string } {
    this.#admit(request);
    return { publicKey: this.#devices.publicKey() };
  }

  @Post('reports')
  @HttpCode(204)
  @RouteConfig({ maxBodyBytes: MAX_REPORT_BYTES })
  @ApiOperation({
    summary: 'Say what a device did with a push',
    description:
      'For service workers, which have no token: the ticket, which came with the push and is encrypted for the device, is the credential. `shown` acknowledges the notification, `opened` marks it as read, `acted` says which of its actions was chosen. To say it again changes nothing.',
    security: [],
  })
  @JsonBody(pushReportSchema)
  @NoContent('It is on disk.')
  @Problems(
    'json.invalid',
    'ticket.unknown',
    'notification.over',
    'body.too_large',
    'body.invalid',
    'action.unknown',
    'rate.limited',
  )
  async report(@Body() body: unknown, @Req() request: FastifyRequest): Promise<void> {
    this.#admit(request);
    await this.#reports.report(parseInput('body.invalid', pushReportSchema, body));
  }

  @Post('subscriptions')
  @HttpCode(204)
  @RouteConfig({ maxBodyBytes: MAX_SUBSCRIPTION_BYTES })
  @ApiOperation({
    summary: 'Bring a subscription that the browser has renewed',
    description:
      'For service workers, which have no token, in `pushsubscriptionchange`: any ticket that came with a push to the device is the credential. The device has this subscription from now on, and is otherwise as it was. To say it again changes nothing.',
    security: [],
  })
  @JsonBody(renewedSubscriptionSchema)
  @NoContent('It is on disk.')
  @Problems(
    'json.invalid',
    'ticket.unknown',
    'body.too_large',
    'body.invalid',
    'endpoint.forbidden',
    'push.unavailable',
    'rate.limited',
  )
  async renew(@Body() body: unknown, @Req() request: FastifyRequest): Promise<void> {
    this.#admit(request);
    await this.#renewals.renew(parseInput('body.invalid', renewedSubscriptionSchema, body));
  }

  #admit({ raw }: FastifyRequest): void {
    this.#limits.takeCommand(ANONYMOUS, this.#limits.clientAddress(raw));
  }
}
