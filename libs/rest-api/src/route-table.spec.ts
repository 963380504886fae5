import { expect, test } from 'vitest';
import { RouteTable } from './route-table.js';

const routes = new RouteTable();
routes.add({ url: '/v1/keys', method: ['GET', 'HEAD'] });
routes.add({ url: '/v1/keys', method: 'POST' });
routes.add({ url: '/v1/keys/:id', method: 'DELETE' });
routes.add({ url: '/v1/keys/:id/rotate', method: 'POST' });

test.each<[string, string[]]>([
  ['/v1/keys', ['GET', 'HEAD', 'POST']],
  ['/v1/keys?page=/x', ['GET', 'HEAD', 'POST']],
  ['/v1/keys/0123', ['DELETE']],
  ['/v1/keys/0123/rotate', ['POST']],
  ['/v1/keys/', []],
  ['/v1/keys//rotate', []],
  ['/v1/keys/0123/other', []],
  ['/v1/keys/:id/rotate/more', []],
  ['/v1', []],
])('%s has %j', (url, methods) => {
  expect(routes.methodsOf(url)).toEqual(methods);
});
