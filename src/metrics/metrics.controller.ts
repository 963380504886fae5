import { Controller, Get, Header, Headers, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Access } from '#clarion/access';
import { ApiExcludeController } from '#clarion/api-docs';
import { Metrics } from './metrics.js';

/** `/metrics` on the main port: for keys that may administer, nobody else. */
@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  constructor(
    @Inject(Access) private readonly access: Access,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  @Get()
  @Header('cache-control', 'no-store')
  async read(
    @Headers('authorization') authorization: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    this.access.assertAdmin(await this.access.authenticate({ authorization }));
    reply.type(this.metrics.contentType);
    return this.metrics.text();
  }
}
