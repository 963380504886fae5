import { serveCommands } from './child-process.js';
import { Crowd } from './storm/crowd.js';
import { crowdCommandSchema, type CrowdCommand } from './storm/crowd-messages.js';
import { clientsOf } from './storm/population.js';

let crowd = new Crowd([]);
let broken: Promise<void> = Promise.resolve();

serveCommands<CrowdCommand>(crowdCommandSchema, async (command) => {
  switch (command.command) {
    case 'gather':
      crowd = new Crowd(clientsOf(command.population, command.from, command.count));
      return crowd.gather();
    case 'brace':
      broken = crowd.brace().broken;
      return null;
    case 'broken':
      return broken;
    case 'come back':
      return comeBack(command.startMicros, command.timeoutMs);
    case 'report':
      return crowd.report();
  }
});

async function comeBack(startMicros: number, timeoutMs: number): Promise<{ cpuMicros: number }> {
  const before = process.cpuUsage();
  await crowd.comeBack(startMicros, timeoutMs);
  const { user, system } = process.cpuUsage(before);
  return { cpuMicros: user + system };
}
