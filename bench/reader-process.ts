import { serveCommands } from './child-process.js';
import { readerCommandSchema, type ReaderCommand } from './messages.js';
import { ReaderPool } from './reader-pool.js';

const pool = new ReaderPool();

serveCommands<ReaderCommand>(readerCommandSchema, async (command) => {
  switch (command.command) {
    case 'open':
      return pool.open(command.target, command.first, command.count);
    case 'begin':
      return pool.begin(command.lanes);
    case 'finish':
      return pool.finish(command.sent, command.timeoutMs);
    case 'close':
      return pool.close();
  }
});
