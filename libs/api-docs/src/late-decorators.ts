import type * as swaggerTypes from '@nestjs/swagger';

/** `@nestjs/swagger`, of which only the types are known until somebody asks for a document. */
export type Swagger = typeof swaggerTypes;

type Decorator = ClassDecorator & MethodDecorator;

/** What was decorated and is not described yet, in the order of the decorators. */
const waiting: ((swagger: Swagger) => void)[] = [];

/**
 * A decorator that decorates when a document is first made. The library, and the JSON Schemas that go into it, are a seventh of a start, and
 * few servers are ever asked for their document.
 * @param make may convert schemas: it is called once, then.
 */
export function later(make: (swagger: Swagger) => ClassDecorator | MethodDecorator): Decorator {
  return (...where: unknown[]): void => {
    waiting.push((swagger) => void Reflect.apply(make(swagger), undefined, where));
  };
}

/**
 * Loads the library and gives it all that was decorated by {@link later} until now. Before `SwaggerModule.createDocument()`; what is loaded
 * afterwards is described by the next call.
 */
export async function describeRoutes(): Promise<Swagger> {
  const swagger = await import('@nestjs/swagger');
  for (const describe of waiting.splice(0)) describe(swagger);
  return swagger;
}

/** A decorator of the library, with its own arguments, applied {@link later}. */
function late<Arguments extends unknown[]>(
  decoratorOf: (swagger: Swagger) => (...args: Arguments) => ClassDecorator | MethodDecorator,
): (...args: Arguments) => Decorator {
  return (...args) => later((swagger) => decoratorOf(swagger)(...args));
}

export const ApiExcludeController = late(({ ApiExcludeController: decorate }) => decorate);
export const ApiHeader = late(({ ApiHeader: decorate }) => decorate);
export const ApiOperation = late(({ ApiOperation: decorate }) => decorate);
export const ApiProduces = late(({ ApiProduces: decorate }) => decorate);
export const ApiQuery = late(({ ApiQuery: decorate }) => decorate);
export const ApiTags = late(({ ApiTags: decorate }) => decorate);
