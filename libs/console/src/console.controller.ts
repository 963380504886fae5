import { Controller, Get, Headers, Inject, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ApiExcludeController } from '#clarion/api-docs';
import { DomainError } from '#clarion/protocol';
import { ConsoleAssets, PAGE, type Asset } from './console-assets.js';

/**
 * Nothing but this server's own files runs, and nothing but this server is talked to; what a publisher wrote cannot become markup
 * even by a mistake of the page, since Trusted Types leave no way from text to script: the one policy there is knows the address of
 * the service worker and nothing else. `connect-src 'self'` covers WebSockets of the same host (CSP Level 3 §6.7.2.8).
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types clarion-worker',
].join('; ');

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  /** Asked for again each time, which costs a 304: a page and scripts of different versions never meet. */
  'cache-control': 'no-cache',
} as const;

/** `GET /` and the files of the page below `/console/`. */
@ApiExcludeController()
@Controller()
export class ConsoleController {
  readonly #assets: ConsoleAssets;

  constructor(@Inject(ConsoleAssets) assets: ConsoleAssets) {
    this.#assets = assets;
  }

  @Get()
  page(@Headers('if-none-match') known: string | undefined, @Res() reply: FastifyReply): void {
    this.#send(this.#assets.find(PAGE), known, reply);
  }

  /** @throws {DomainError} `route.unknown` for every name that is not on the list. */
  @Get('console/:name')
  asset(
    @Param('name') name: string,
    @Headers('if-none-match') known: string | undefined,
    @Res() reply: FastifyReply,
  ): void {
    this.#send(name === PAGE ? undefined : this.#assets.find(name), known, reply);
  }

  #send(asset: Asset | undefined, known: string | undefined, reply: FastifyReply): void {
    if (asset === undefined) throw new DomainError('route.unknown');
    reply.headers({ ...HEADERS, etag: asset.etag });
    if (known?.includes(asset.etag)) void reply.code(304).send();
    else void reply.header('content-type', asset.contentType).send(asset.content);
  }
}
