import { Module } from '@nestjs/common';
import { ConsoleAssets } from './console-assets.js';
import { ConsoleController } from './console.controller.js';

/**
 * The page at `/`: a client of this server in the browser, with nothing of its own on the server but its files. It uses the public
 * API alone, so that it may be left out (in production it is, unless enabled) without anything else noticing.
 */
@Module({
  controllers: [ConsoleController],
  providers: [{ provide: ConsoleAssets, useFactory: () => ConsoleAssets.load() }],
})
export class ConsoleModule {}
