import { expect, onTestFinished, test } from 'vitest';
import { RemoteWorker } from './remote-worker.js';

type TestCalls = {
  echo: { argument: string; result: string };
  fail: { argument: string; result: string };
  hang: { argument: null; result: null };
  die: { argument: 'throw' | 'exit'; result: null };
};

/** The other end, as a module of its own: answers `echo`, refuses `fail`, and ends on `die`. */
const ENTRY = `
  import { parentPort } from 'node:worker_threads';
  parentPort.on('message', ({ id, name, argument }) => {
    if (name === 'echo') parentPort.postMessage({ id, ok: true, result: argument });
    if (name === 'fail') parentPort.postMessage({ id, ok: false, error: { fault: 'in-use', message: argument } });
    if (name === 'die' && argument === 'exit') process.exit(3);
    if (name === 'die') throw new Error('out of ink');
  });`;

function start(): RemoteWorker<TestCalls> {
  const worker = new RemoteWorker<TestCalls>(new URL(`data:text/javascript,${encodeURIComponent(ENTRY)}`), 'test');
  onTestFinished(() => worker.end());
  return worker;
}

test('answers go to their calls, errors with their fault', async () => {
  const worker = start();
  const calls = Promise.allSettled([worker.call('echo', 'a'), worker.call('fail', 'b'), worker.call('echo', 'c')]);
  expect(worker.pending).toBe(3);
  expect(await calls).toMatchObject([
    { status: 'fulfilled', value: 'a' },
    { status: 'rejected', reason: { name: 'StoreError', fault: 'in-use', message: 'b' } },
    { status: 'fulfilled', value: 'c' },
  ]);
  expect(worker.pending).toBe(0);
});

test.for([
  ['throws', 'throw', 'out of ink'],
  ['exits', 'exit', 'it exited with 3'],
] as const)('when the thread %s, all calls fail aloud, then and later', async ([, how, why]) => {
  const worker = start();
  const hanging = worker.call('hang', null);
  const dying = worker.call('die', how);
  const died = { fault: 'worker-died', message: expect.stringContaining('the test thread of the store died') };
  await expect(hanging).rejects.toMatchObject(died);
  await expect(dying).rejects.toMatchObject(died);
  const error = await worker.call('echo', 'a').catch((reason: unknown) => reason);
  expect(error).toMatchObject(died);
  expect(`${String(error)} ${error instanceof Error ? String(error.cause) : ''}`).toContain(why);
});

test('ending it rejects what was not answered', async () => {
  const worker = start();
  const hanging = worker.call('hang', null);
  const [outcome] = await Promise.allSettled([hanging, worker.end()]);
  expect(outcome).toMatchObject({ status: 'rejected', reason: { fault: 'closed' } });
});

test('an argument that cannot be sent rejects its call alone', async () => {
  const worker = start();
  const untyped: { call(name: 'echo', argument: unknown): Promise<unknown> } = worker;
  await expect(untyped.call('echo', () => undefined)).rejects.toThrow('could not be cloned');
  expect(worker.pending).toBe(0);
});
