import { serveCommands } from './child-process.js';
import { appendAlone, appendSaturated, type AppendOnly, type AppendReport } from './store/append-load.js';
import { openBareLog } from './store/bare-log.js';
import { openClarionLog } from './store/clarion-log.js';
import { storeCommandSchema, type StoreCommand } from './store/store-messages.js';

const OPEN: Readonly<Record<StoreCommand['log'], (dataDir: string) => Promise<AppendOnly>>> = {
  clarion: openClarionLog,
  bare: openBareLog,
};

serveCommands<StoreCommand>(storeCommandSchema, async (command) => {
  const log = await OPEN[command.log](command.dataDir);
  try {
    return await appendTo(log, command);
  } finally {
    await log.close();
  }
});

async function appendTo(log: AppendOnly, { load, warmUpMs }: StoreCommand): Promise<AppendReport> {
  if (load.kind === 'alone') return appendAlone(log, load.perSecond, load.durationMs);
  await appendSaturated(log, load.window, warmUpMs);
  return appendSaturated(log, load.window, load.durationMs);
}
