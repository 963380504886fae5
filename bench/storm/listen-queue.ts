import { readFileSync } from 'node:fs';

/**
 * How often since the machine started a connection came to a listening socket whose queue was full (`ListenOverflows` of `/proc/net/netstat`,
 * all sockets together). The client then tries again after 1 s, 3 s, 7 s.
 */
export function listenOverflows(): number {
  const [names = '', values = ''] = readFileSync('/proc/net/netstat', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'));
  const value = values.split(' ')[names.split(' ').indexOf('ListenOverflows')];
  if (value === undefined) throw new Error('this kernel does not count overflows of listening sockets');
  return Number(value);
}
