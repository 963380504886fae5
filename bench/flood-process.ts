import { serveCommands } from './child-process.js';
import { floodCommandSchema, type FloodCommand } from './flood/flood-messages.js';
import { Flooder } from './flood/flooder.js';

let flooder: Flooder | null = null;

serveCommands<FloodCommand>(floodCommandSchema, async (command) => {
  if (command.command === 'gather') {
    flooder = await Flooder.gather(command.target);
    return null;
  }
  if (flooder === null) throw new Error('nobody has gathered');
  switch (command.command) {
    case 'capacity':
      return flooder.capacity(command.window, command.durationMs);
    case 'flood':
      return flooder.flood(command.perSecond, command.durationMs);
    case 'faults':
      return flooder.faults(command.timeoutMs);
  }
});
