import { ONE_TOPIC } from '../layout.js';
import type { Scenario } from './scenario.js';

/** Connections made and closed before the empty server's memory is taken, so that what the first ones load is not counted. */
const FIRST_CONNECTIONS = 20;

/** Resident memory with connections on which nothing happens, less that of the empty server. Precondition: the server has just started. */
export const idle: Scenario = {
  name: 'idle',
  measures: ['emptyMB', 'idleKB'],
  title: ({ idleConnections }) => `Memory: ${idleConnections.toLocaleString('en')} idle connections`,
  async play(stage, { idleConnections, settleMs }) {
    await stage.seat(FIRST_CONNECTIONS, ONE_TOPIC);
    await stage.clear();
    await stage.settle(settleMs);
    const empty = stage.residentBytes;
    await stage.seat(idleConnections, ONE_TOPIC);
    await stage.settle(settleMs);
    const idleKB = (stage.residentBytes - empty) / idleConnections / 1_000;
    return { figures: { emptyMB: empty / 1_000_000, idleKB }, runs: [] };
  },
};
