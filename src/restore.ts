import { restore } from '#clarion/store-sqlite';
import { megabytes, runDatabaseCommand } from './database-command.js';

runDatabaseCommand('restore', process.env, ({ database, file }) => {
  const { events, bytes, aside } = restore({ from: file, to: database, now: new Date() });
  const kept = aside === undefined ? '' : ` What was there before is kept as ${aside}.`;
  return `Restored ${database} from ${file}: ${events} events, ${megabytes(bytes)}.${kept}`;
});
