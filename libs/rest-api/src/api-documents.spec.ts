import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandSchemas, EVENTS } from '#clarion/protocol';
import { restApp, type RestApp } from '../test/rest-app.js';
import { asyncApiDocument } from './asyncapi.js';
import { openApiDocument } from './openapi.js';

let rest: RestApp;

beforeAll(async () => {
  rest = await restApp();
});

afterAll(() => rest.app.close());

/** Every `$ref` in the document, wherever it is. */
function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : referencesIn(inner)));
}

function at(document: unknown, reference: string): unknown {
  const path = reference.replace(/^#\//, '').split('/');
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    document,
  );
}

function dangling(document: unknown): string[] {
  return referencesIn(document).filter((reference) => at(document, reference) === undefined);
}

describe('the OpenAPI document', () => {
  it('has the routes of the server, no more and no less', async () => {
    const { paths } = await openApiDocument(rest.app);
    const documented = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const registered = rest.routes
      .filter((route) => route.includes(' /v1/') && !route.startsWith('HEAD '))
      .map((route) => route.replaceAll(/:(\w+)/g, '{$1}'));
    expect(documented.toSorted()).toEqual(registered.toSorted());
    expect(documented.length).toBeGreaterThan(3);
  });

  it('says which routes need no credentials', async () => {
    const { paths, security } = await openApiDocument(rest.app);
    const open = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, operation]) =>
        Object(operation).security?.length === 0 ? [`${method.toUpperCase()} ${path}`] : [],
      ),
    );
    expect(open).toEqual(['GET /v1/push/key', 'POST /v1/push/reports', 'POST /v1/push/subscriptions']);
    expect(security).not.toEqual([]);
  });

  it('refers to nothing that is not there', async () => {
    const document = await openApiDocument(rest.app);
    expect(referencesIn(document).length).toBeGreaterThan(10);
    expect(dangling(document)).toEqual([]);
  });

  it('has schemas that can be used', async () => {
    const { components = {} } = await openApiDocument(rest.app);
    const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true } }).addSchema({
      $id: 'openapi',
      components,
    });
    const publish = ajv.getSchema('openapi#/components/schemas/Publish');
    expect(publish?.({ topic: 'orders/42', title: 'Shipped' })).toBe(true);
    expect(publish?.({ topic: 'a b', title: 'Shipped' })).toBe(false);
    expect(publish?.({ topic: 'a', surprise: 1 })).toBe(false);
  });
});

describe('the AsyncAPI document', () => {
  it('has every event on every transport, and every command', () => {
    const document = asyncApiDocument();
    const asked = [...Object.keys(commandSchemas), 'publish'];
    // Where an event has the name of a command, both are there.
    const commands = asked.map((name) => (name in EVENTS ? `${name}-command` : name));
    const names = (reference: string): string[] => Object.keys(Object(at(document, reference)));
    expect(names('#/channels/sse/messages')).toEqual(Object.keys(EVENTS));
    expect(names('#/channels/socketio/messages')).toEqual([...Object.keys(EVENTS), ...commands]);
    const spoken = [...Object.keys(EVENTS), 'reply', ...commands, 'ping', 'first-subscribe'];
    expect(names('#/channels/websocket/messages')).toEqual(spoken.map((name) => `websocket.${name}`));
    expect(names('#/components/messages')).toEqual([
      ...Object.keys(EVENTS),
      ...commands,
      ...spoken.map((name) => `websocket.${name}`),
    ]);
    expect(names('#/operations')).toEqual(expect.arrayContaining(asked));
  });

  it('refers to nothing that is not there', () => {
    const document = asyncApiDocument();
    expect(referencesIn(document).length).toBeGreaterThan(20);
    expect(dangling(document)).toEqual([]);
  });
});

describe('the pages', () => {
  it.each([
    ['/docs', 'text/html'],
    ['docs/open.js', 'text/javascript'],
    ['docs/swagger-ui.css', 'text/css'],
    ['docs/swagger-ui-bundle.js', 'text/javascript'],
    ['/docs/openapi.json', 'application/json'],
    ['/docs/asyncapi.json', 'application/json'],
  ])('%s is there', async (url, type) => {
    const answer = await rest.app.inject({ url });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toContain(type);
    expect(answer.body.length).toBeGreaterThan(50);
  });

  it('show the documents themselves', async () => {
    expect((await rest.app.inject({ url: '/docs/openapi.json' })).json()).toEqual(
      JSON.parse(JSON.stringify(await openApiDocument(rest.app))),
    );
    expect((await rest.app.inject({ url: '/docs/asyncapi.json' })).json()).toEqual(asyncApiDocument());
  });

  it('load nothing from elsewhere', async () => {
    const page = await rest.app.inject({ url: '/docs' });
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect([...page.body.matchAll(/(?:src|href)="(?<url>[^"]+)"/g)].map(({ groups }) => groups?.['url'])).toEqual([
      'data:,',
      'docs/swagger-ui.css',
      'docs/swagger-ui-bundle.js',
      'docs/open.js',
    ]);
  });
});
