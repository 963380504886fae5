import { serveCommands } from './child-process.js';
import { publishCommandSchema, type PublishCommand } from './messages.js';
import { publishLoad } from './publisher.js';

serveCommands<PublishCommand>(publishCommandSchema, ({ target, load }) => publishLoad(target, load));
