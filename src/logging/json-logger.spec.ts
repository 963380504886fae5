import { describe, expect, it } from 'vitest';
import { logRequest } from '../http/request-log.js';
import type { FinishedRequest } from '../http/requests.js';
import { JsonLogger } from './json-logger.js';

function capture(level: 'info' | 'debug') {
  const lines: Record<string, unknown>[] = [];
  const logger = new JsonLogger(level, { write: (line) => lines.push(JSON.parse(line)) });
  return { logger, lines };
}

describe('JsonLogger', () => {
  it('writes one object per line with level and context', () => {
    const { logger, lines } = capture('info');
    logger.log('hello', 'Somewhere');
    expect(lines).toEqual([{ level: 'info', time: expect.any(Number), context: 'Somewhere', msg: 'hello' }]);
  });

  it('keeps errors and their stacks', () => {
    const { logger, lines } = capture('info');
    logger.error(new Error('broken'), 'Somewhere');
    logger.error('broken too', 'Error: broken too\n    at here', 'Somewhere');
    expect(lines).toMatchObject([
      { level: 'error', context: 'Somewhere', msg: 'broken', err: { message: 'broken', stack: expect.any(String) } },
      { level: 'error', context: 'Somewhere', msg: 'broken too', detail: 'Error: broken too\n    at here' },
    ]);
  });

  it('keeps the error in an object', () => {
    const { logger, lines } = capture('info');
    logger.error({ error: new Error('broken'), about: 'log tail' }, 'Realtime');
    expect(lines).toMatchObject([{ about: 'log tail', err: { message: 'broken' } }]);
  });

  it('hides how Nest puts itself together, unless asked', () => {
    const { logger, lines } = capture('info');
    logger.log('Mapped {/health/live, GET} route', 'RouterExplorer');
    expect(lines).toEqual([]);
  });
});

describe('logRequest', () => {
  const request: FinishedRequest = {
    id: 'r-1',
    method: 'POST',
    path: '/v1/notifications',
    route: '/v1/notifications',
    status: 201,
    ms: 1.4,
    aborted: false,
  };

  it('has a line for each request at debug', () => {
    const { logger, lines } = capture('debug');
    logRequest(logger, request);
    expect(lines).toMatchObject([{ level: 'debug', requestId: 'r-1', path: '/v1/notifications', status: 201, ms: 1 }]);
  });

  it('has at info only those that the server failed', () => {
    const { logger, lines } = capture('info');
    logRequest(logger, request);
    logRequest(logger, { ...request, status: 503 });
    logRequest(logger, { ...request, status: 500 });
    expect(lines).toMatchObject([{ level: 'warn', status: 500 }]);
  });
});
