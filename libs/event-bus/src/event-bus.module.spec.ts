import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expect, it } from 'vitest';
import { EVENT_BUS, type BusMessage, type EventBus } from './event-bus.js';
import { InProcessEventBusModule } from './event-bus.module.js';

const MESSAGE: BusMessage = { kind: 'committed', first: 1, last: 1, entries: [] };

/** A module that imports no bus and uses it all the same. */
class Elsewhere {}
Module({ providers: [{ provide: 'bus', inject: [EVENT_BUS], useFactory: (bus: EventBus) => bus }] })(Elsewhere);

async function application(): Promise<{ app: INestApplicationContext; bus: EventBus; heard: BusMessage[] }> {
  const root = { module: class Root {}, imports: [InProcessEventBusModule.forRoot(), Elsewhere] };
  const app = await NestFactory.createApplicationContext(root, { logger: false });
  const bus = app.get<EventBus>('bus', { strict: false });
  const heard: BusMessage[] = [];
  bus.subscribe((message) => {
    heard.push(message);
  });
  return { app, bus, heard };
}

it('is the same bus for the whole application, and not that of another', async () => {
  const [one, two] = [await application(), await application()];
  expect(one.app.get(EVENT_BUS, { strict: false })).toBe(one.bus);
  await one.bus.publish(MESSAGE);
  expect(one.heard).toEqual([MESSAGE]);
  expect(two.heard).toEqual([]);
  await Promise.all([one.app.close(), two.app.close()]);
});

it('ends with the application', async () => {
  const { app, bus, heard } = await application();
  await app.close();
  await bus.publish(MESSAGE);
  expect(heard).toEqual([]);
});
