import { PassThrough } from 'node:stream';
import { Logger } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DomainError } from '#clarion/protocol';
import { ProblemFilter } from './problem.filter.js';
import { RouteTable } from './route-table.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A reply that somebody took over and began to write. */
function thrownAfterTakeover(thrown: unknown): PassThrough {
  const raw = new PassThrough();
  raw.write('event: ready\n');
  new ProblemFilter(new RouteTable()).catch(
    thrown,
    new ExecutionContextHost([
      { id: 'r-1', url: '/v1/events' },
      { sent: true, raw },
    ]),
  );
  return raw;
}

describe('an error after the answer has begun', () => {
  it('ends the connection, so that the client does not take the rest for complete', () => {
    const logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    expect(thrownAfterTakeover(new TypeError('bug')).destroyed).toBe(true);
    expect(logged).toHaveBeenCalledExactlyOnceWith(
      expect.stringContaining('request r-1 failed: bug'),
      expect.any(String),
    );
  });

  it('is not logged when the client has gone before its request had come', () => {
    const logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    thrownAfterTakeover(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
    expect(logged).not.toHaveBeenCalled();
    thrownAfterTakeover(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    expect(logged).toHaveBeenCalledOnce();
  });

  it('is not logged when it was expected', () => {
    const logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    expect(thrownAfterTakeover(new DomainError('overloaded')).destroyed).toBe(true);
    expect(logged).not.toHaveBeenCalled();
  });
});
