import { InProcessEventBus } from '#clarion/event-bus';
import type { BusHarness } from '../../../test/contract/bus-harness.js';

export const harness: BusHarness = {
  name: 'in-process',
  keeps: { order: true, all: true, once: true },
  joinsNodes: false,
  create: async () => {
    const bus = new InProcessEventBus();
    return { node: async () => bus, dispose: () => bus.close() };
  },
};
