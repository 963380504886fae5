import { readFile } from 'node:fs/promises';

const ESTABLISHED = '01';

/** The peers' ports of all connections to a port of this machine that its server has not ended, as the system sees it. */
export async function connectionsOf(port: number): Promise<Set<number>> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = (await readFile('/proc/net/tcp', 'utf8')).trim().split('\n').slice(1);
  const open = rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, mine, , state]) => mine?.endsWith(local) && state === ESTABLISHED);
  return new Set(open.map(([, , peer]) => Number.parseInt(peer?.split(':')[1] ?? '', 16)));
}
