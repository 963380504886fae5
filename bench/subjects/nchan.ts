import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from '../layout.js';
import { markedPayload } from '../mark.js';
import type { ReaderTarget, Wants } from '../messages.js';
import { singlePosts } from '../publish-targets.js';
import { isInstalled, type Launch, type ServerProgram } from '../server-program.js';
import type { Subject } from './subject.js';

const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so';

/** nginx with nchan as Debian has it (package `libnginx-mod-nchan`), which nothing but its own module is loaded into. */
const program: ServerProgram = {
  name: 'nginx with nchan',
  readyPath: null,
  missing: () => (isInstalled('nginx') && isInstalled(MODULE) ? null : 'nchan'),
  command: (launch) => {
    const file = join(launch.directory, 'nginx.conf');
    writeFileSync(file, configuration(launch));
    return { file: 'nginx', args: ['-p', launch.directory, '-c', file, '-e', 'stderr'], env: {} };
  },
};

/**
 * One worker and its defaults, except what it cannot do without: as many connections as are measured, places of its own for
 * files, and subscribers who begin with what comes (by default they begin with what is kept). No access log, which spares nginx work.
 */
function configuration({ port, directory }: Launch): string {
  return `
    load_module ${MODULE};
    daemon off;
    pid ${directory}/nginx.pid;
    worker_processes 1;
    worker_rlimit_nofile 32768;
    events { worker_connections 16384; }
    http {
      access_log off;
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`).join(' ')}
      server {
        listen 127.0.0.1:${port} backlog=16384;
        location ~ "^/publish/(.+)$" {
          nchan_publisher http;
          nchan_channel_id $1;
        }
        location ~ "^/subscribe/(.+)$" {
          nchan_subscriber eventsource websocket;
          nchan_channel_id $1;
          nchan_channel_id_split_delimiter ",";
          nchan_subscriber_first_message newest;
        }
      }
    }`;
}

/** The body of a POST is the message: nothing is parsed, nothing is added but nchan's own id. */
export function nchan(transport: 'sse' | 'websocket'): Subject {
  return {
    server: 'nchan',
    transport,
    program,
    doors: async (port, layout) => ({
      publish: singlePosts({
        port,
        path: '/publish/{topic}',
        message: markedPayload(layout.payloadBytes),
        topics: layout.topics,
      }),
      batch: null,
      kept: null,
      read: reading(transport, port, layout),
    }),
  };
}

function reading(transport: 'sse' | 'websocket', port: number, { topics, topicsPerReader }: Layout): ReaderTarget {
  const wants: Wants = { topics, topicsPerReader, item: '{topic}', separator: ',' };
  const path = '/subscribe/{topics}';
  return transport === 'sse'
    ? { transport, port, wants, path, readyText: ': hi' }
    : { transport, port, wants, path, headers: [], readyText: null };
}
