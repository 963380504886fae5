import { PollFeed } from './poll-feed.js';
import { SocketIoFeed } from './socketio-feed.js';
import { SseFeed } from './sse-feed.js';
import { SteppingDownFeed } from './stepping-down-feed.js';
import { WebSocketFeed } from './websocket-feed.js';

/** Seconds that a long poll waits, and milliseconds between two polls. */
const LONG_POLL_S = 25;
const POLL_EVERY_MS = 2_000;

/**
 * @typedef {object} Transport One way to listen.
 * @property {string} key As which the choice of panes is remembered.
 * @property {string} name
 * @property {boolean} shown Whether its pane is on until the person chooses.
 * @property {(options: import('./feed.js').FeedOptions) => import('./feed.js').Feed} listen
 */

/** All of them, in the order of the table. @type {readonly Transport[]} */
export const TRANSPORTS = [
  { key: 'socketio', name: 'Socket.IO', shown: true, listen: (options) => new SocketIoFeed(options) },
  {
    key: 'sse',
    name: 'SSE',
    shown: true,
    listen: (options) => new SteppingDownFeed(options, 'sse', (stream) => new SseFeed(stream)),
  },
  {
    key: 'websocket',
    name: 'WebSocket',
    shown: true,
    listen: (options) => new SteppingDownFeed(options, 'websocket', (stream) => new WebSocketFeed(stream)),
  },
  {
    key: 'long-polling',
    name: 'Long polling',
    shown: false,
    listen: (options) => new PollFeed(options, { name: 'long-polling', waitS: LONG_POLL_S }),
  },
  {
    key: 'polling',
    name: 'Polling',
    shown: false,
    listen: (options) => new PollFeed(options, { name: 'polling', everyMs: POLL_EVERY_MS }),
  },
];
