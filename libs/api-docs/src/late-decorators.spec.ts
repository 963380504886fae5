import { Controller, Get, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import * as swagger from '@nestjs/swagger';
import { expect, test } from 'vitest';
import * as late from './index.js';

let made = 0;

/** Controllers described by the library itself, or late. */
function described(
  { ApiExcludeController, ApiHeader, ApiOperation, ApiProduces, ApiQuery, ApiTags }: typeof swagger | typeof late,
  describe: (make: (library: typeof swagger) => MethodDecorator) => MethodDecorator,
): Type {
  @ApiTags('orders')
  @Controller('orders')
  class OrdersController {
    @Get()
    @ApiOperation({ summary: 'Orders, newest first' })
    @ApiQuery({ name: 'limit', required: false })
    @ApiHeader({ name: 'Prefer' })
    @ApiProduces('text/csv')
    @describe(({ ApiResponse }) => {
      made++;
      return ApiResponse({ status: 200, description: 'All of them.', type: String });
    })
    list(): string {
      return '';
    }
  }

  @ApiExcludeController()
  @Controller('secret')
  class SecretController {
    @Get()
    list(): string {
      return '';
    }
  }

  @Module({ controllers: [OrdersController, SecretController] })
  class OrdersModule {}
  return OrdersModule;
}

test('what is said late is in the document as if it had been said at once; it is made only then, and once', async () => {
  const atOnce = await pathsOf(described(swagger, (make) => make(swagger)));
  made = 0;
  const module = described(late, late.later);
  expect(made).toBe(0);
  await late.describeRoutes();
  await late.describeRoutes();
  expect(made).toBe(1);
  const paths = await pathsOf(module);
  expect(paths).toEqual(atOnce);
  expect(Object.keys(paths)).toEqual(['/orders']);
  expect(paths['/orders']?.get).toMatchObject({ tags: ['orders'], summary: 'Orders, newest first' });
});

async function pathsOf(module: Type): Promise<swagger.OpenAPIObject['paths']> {
  const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), { logger: false });
  try {
    await app.init();
    return swagger.SwaggerModule.createDocument(app, new swagger.DocumentBuilder().build()).paths;
  } finally {
    await app.close();
  }
}
