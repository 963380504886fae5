import { serveCommands } from './child-process.js';
import { publishCommandSchema, type PublishCommand, type PublishReport } from './messages.js';
import { publishLoad } from './publisher.js';

/** The load that was begun and not ended. */
let begun: { readonly report: Promise<PublishReport>; readonly stop: AbortController } | null = null;

serveCommands<PublishCommand>(publishCommandSchema, async (command) => {
  switch (command.command) {
    case 'publish':
      return publishLoad(command.target, command.load);
    case 'begin':
      return begin(command);
    case 'end':
      return end();
  }
});

function begin({ target, load }: Extract<PublishCommand, { command: 'begin' }>): void {
  if (begun !== null) throw new Error('a load has been begun already');
  const stop = new AbortController();
  const report = publishLoad(target, load, stop.signal);
  // Should it fail, whoever ends it is told; nobody needs to know before.
  report.catch(() => undefined);
  begun = { report, stop };
}

async function end(): Promise<PublishReport> {
  if (begun === null) throw new Error('no load has been begun');
  const { report, stop } = begun;
  begun = null;
  stop.abort();
  return report;
}
