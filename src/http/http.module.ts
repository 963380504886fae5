import { Global, Module } from '@nestjs/common';
import { Requests } from './requests.js';

/** What the application knows of its HTTP requests. */
@Global()
@Module({ providers: [Requests], exports: [Requests] })
export class HttpModule {}
