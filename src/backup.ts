import { backUp } from '#clarion/store-sqlite';
import { megabytes, runDatabaseCommand } from './database-command.js';

runDatabaseCommand('backup', process.env, ({ database, file, overwrite }) => {
  const { events, bytes } = backUp({ from: database, to: file, overwrite });
  return `Backed up ${database} to ${file}: ${events} events, ${megabytes(bytes)}, checked. Keep it as private as the data directory.`;
});
