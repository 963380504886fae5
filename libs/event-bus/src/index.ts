export {
  EVENT_BUS,
  type BusListener,
  type BusMessage,
  type EphemeralEntry,
  type EventBus,
  type EntryTraits,
  type LogEntry,
} from './event-bus.js';
export { InProcessEventBus } from './in-process-event-bus.js';
export { InProcessEventBusModule } from './event-bus.module.js';
