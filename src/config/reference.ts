import { COMMON_SCHEMAS } from './config.js';
import { loadAll, type DriverTable } from './driver.js';
import { serverConfigSchema } from './server.config.js';
import { variablesOf, type Variable } from './variable.js';

/** The page of all variables, made from the schemas: `npm run docs:config` writes it beside this file. */
export async function configReference(drivers: DriverTable): Promise<string> {
  const common = [serverConfigSchema(drivers), ...COMMON_SCHEMAS].flatMap(variablesOf);
  const all = [...common, ...(await loadAll(drivers)).flatMap(({ variables }) => variables)];
  const rows = all.filter((variable, i) => all.findIndex(({ env }) => env === variable.env) === i).map(toRow);
  return `${INTRODUCTION}\n| variable | default | meaning |\n|---|---|---|\n${rows.join('\n')}\n`;
}

const INTRODUCTION = `# Configuration

Everything comes from environment variables, read once at the start. A start with anything wrong, missing or misspelt
names every such variable and ends with exit code 1; an empty variable counts as absent. Libraries declare their own
variables in their schemas, and this page is made from them: \`npm run docs:config\`.

Outside production a start without \`CLARION_API_KEY\` or \`CLARION_TOKEN_SECRET\` makes what is missing, keeps it in
\`credentials.json\` in the data directory, readable by its owner alone, and uses it again at every later start; and pages
of \`http://localhost:*\` and \`http://127.0.0.1:*\` (with TLS: \`https:\`) may connect unless \`CLARION_ALLOWED_ORIGINS\` says
otherwise.
`;

function toRow({ env, defaultText, description, required }: Variable): string {
  const standard = required ? 'required' : defaultText === undefined ? '' : `\`${defaultText}\``;
  return `| \`${env}\` | ${standard} | ${description.replaceAll('|', '\\|')} |`;
}
