import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put, Req, UseGuards } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Access, Limits, type Principal } from '#clarion/access';
import { ApiOperation, ApiTags } from '#clarion/api-docs';
import { Devices, personOf } from '#clarion/notifications';
import { deviceIdSchema, deviceListSchema, deviceSchema, newDeviceSchema, type DeviceView } from '#clarion/protocol';
import { JsonAnswer, JsonBody, NoContent, Problems } from './route-docs.js';
import { AuthenticationGuard, Caller } from './authentication.guard.js';
import { parseInput } from './parse-input.js';

const addressSchema = z.object({ id: deviceIdSchema });

/** An endpoint may have 2,048 characters, each of which JSON may write in six bytes. */
const MAX_DEVICE_BYTES = 16 * 1024;

/** `/v1/me/devices`: where a person is reached when they are not connected. */
@ApiTags('devices')
@Controller('v1/me/devices')
@UseGuards(AuthenticationGuard)
export class DevicesController {
  readonly #access: Access;
  readonly #limits: Limits;
  readonly #devices: Devices;

  constructor(@Inject(Access) access: Access, @Inject(Limits) limits: Limits, @Inject(Devices) devices: Devices) {
    this.#access = access;
    this.#limits = limits;
    this.#devices = devices;
  }

  @Get()
  @ApiOperation({
    summary: 'List one’s devices',
    description: 'How each fares, and why it would not ring now.',
  })
  @JsonAnswer(200, deviceListSchema, 'All of them.')
  @Problems('credentials.missing', 'right.missing', 'rate.limited')
  async list(@Caller() who: Principal, @Req() request: FastifyRequest): Promise<{ devices: DeviceView[] }> {
    this.#admit(who, request);
    return { devices: await this.#devices.list(who) };
  }

  @Put(':id')
  @RouteConfig({ maxBodyBytes: MAX_DEVICE_BYTES })
  @ApiOperation({
    summary: 'Register a device, or verify it again',
    description:
      'The page brings its subscription each time that it loads: with the token of then, by whose rights it is pushed to. The id is the client’s own name of the device; a subscription belongs to who brought it last. Of more than 20 devices the one that was verified longest ago goes.',
  })
  @JsonBody(newDeviceSchema)
  @JsonAnswer(200, deviceSchema, 'It is on disk.')
  @Problems(
    'json.invalid',
    'credentials.missing',
    'right.missing',
    'push.unavailable',
    'body.too_large',
    'body.invalid',
    'endpoint.forbidden',
    'rate.limited',
  )
  async put(
    @Caller() who: Principal,
    @Param('id') address: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<DeviceView> {
    this.#admit(who, request);
    const { id } = parseInput('body.invalid', addressSchema, { id: address });
    return this.#devices.put(who, id, parseInput('body.invalid', newDeviceSchema, body));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Remove a device',
    description: 'It is pushed to no more, and what waits for it is dropped.',
  })
  @NoContent('It is gone.')
  @Problems('credentials.missing', 'right.missing', 'device.unknown', 'rate.limited')
  async remove(@Caller() who: Principal, @Param('id') id: string, @Req() request: FastifyRequest): Promise<void> {
    this.#admit(who, request);
    await this.#devices.remove(who, id);
  }

  /** Who is no person hears that before anything about their request. */
  #admit(who: Principal, { raw }: FastifyRequest): void {
    personOf(who, this.#access);
    this.#limits.takeCommand(who, this.#limits.clientAddress(raw));
  }
}
