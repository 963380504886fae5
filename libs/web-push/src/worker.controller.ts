import { Controller, Get, Headers, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ApiExcludeController } from '#clarion/api-docs';
import { WorkerAsset } from './worker-asset.js';

const HEADERS = {
  /** A worker may talk to whom it will, for the server that takes its reports may be another; pictures of notifications are anywhere. It runs nothing else. */
  'content-security-policy': "default-src 'none'; script-src 'self'; connect-src *; img-src *; frame-ancestors 'none'",
  /** Other sites' workers load it with `importScripts`. It is the same for everybody, and says nothing of anybody. */
  'cross-origin-resource-policy': 'cross-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  /** Asked for again each time, which costs a 304: no browser keeps an old one. */
  'cache-control': 'no-cache',
  /** Service Workers §6.5: also where a proxy shows it below a path, a page may have it for all of the site. */
  'service-worker-allowed': '/',
} as const;

/** `GET /sw.js`: what browsers run when something is pushed. */
@ApiExcludeController()
@Controller()
export class WorkerController {
  readonly #worker: WorkerAsset;

  constructor(@Inject(WorkerAsset) worker: WorkerAsset) {
    this.#worker = worker;
  }

  @Get('sw.js')
  worker(@Headers('if-none-match') known: string | undefined, @Res() reply: FastifyReply): void {
    const { content, etag } = this.#worker;
    reply.headers({ ...HEADERS, etag });
    if (known?.includes(etag) === true) void reply.code(304).send();
    else void reply.header('content-type', 'text/javascript; charset=utf-8').send(content);
  }
}
