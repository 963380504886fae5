import type { INestApplicationContext } from '@nestjs/common';
import { Access } from '#clarion/access';
import type { Selector } from '#clarion/protocol';
import type { Config } from './config/config.js';

const DEMO_TOPIC = 'demo' as Selector;
/** How long the token in the printed command lets one listen, in seconds: a week. */
const DEMO_TTL_S = 604_800;

/** What a newcomer can paste, with a token that may read the topic `demo`. Shows secrets: for development alone. */
export async function banner(
  app: INestApplicationContext,
  { server, access, keyFile }: Config,
  url: string,
): Promise<string> {
  const { token } = await app.get(Access).mint({ sub: 'demo', subscribe: [DEMO_TOPIC], ttl: DEMO_TTL_S });
  const lines = [
    `Clarion listens at ${url}`,
    '',
    'Listen:',
    `  curl -N -H 'Accept: text/event-stream' '${url}/v1/events?topics=${DEMO_TOPIC}&access_token=${token}'`,
    'Publish:',
    `  curl ${url}/v1/notifications -H 'Authorization: Bearer ${access.apiKey}' -H 'Content-Type: application/json' -d '{"topic":"${DEMO_TOPIC}","title":"Hello"}'`,
    '',
    ...(server.page ? [`Page: ${url}/#key=${access.apiKey}`] : []),
    ...(server.docs ? [`Docs: ${url}/docs`] : []),
    ...(keyFile === undefined ? [] : [`Key:  kept in ${keyFile}`]),
  ];
  return `\n${lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}\n\n`;
}
