/** One system call of a trace by `strace -f -y -xx`. Places are line numbers: strace writes a line when it sees the call begin or end. */
export interface SystemCall {
  readonly thread: number;
  readonly name: string;
  /** Of the first argument if it is a file or socket, as `-y` names it; else empty. */
  readonly path: string;
  /** Its string arguments, or those of its vectors, one after another. */
  readonly bytes: Buffer;
  /** What it returned; -1 after an error, null when the trace ends before the call does. */
  readonly result: number | null;
  readonly begin: number;
  readonly end: number;
}

/** Arguments for strace (6.1 or later) to write what {@link parseTrace} reads. The traced program keeps its place as the child of its parent. */
export function straceCommand(output: string, calls: readonly string[]): [string, ...string[]] {
  const format = ['-f', '-y', '-xx', '-s', '300000', '-e', 'signal=none'];
  return ['strace', '-D', '--seccomp-bpf', ...format, '-e', `trace=${calls.join()}`, '-o', output];
}

const LINE = /^(\d+) +(.*)$/s;
const BEGUN = /^(\w+)\((.*) <unfinished \.\.\.>$/s;
const RESUMED = /^<\.\.\. (\w+) resumed>(.*)$/s;
const ENDED = /^(\w+)\((.*)$/s;

/**
 * The calls of a trace, in the order in which they ended; those that never ended come last. Calls that other threads interrupted
 * stand on two lines, which are put together here.
 * @throws {Error} for a line that is neither a call, nor a signal, nor an exit: nothing may be overlooked.
 */
export function parseTrace(text: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const open = new Map<number, { name: string; args: string; begin: number }>();
  for (const [place, line] of text.split('\n').entries()) {
    const [, thread = '', rest = ''] = LINE.exec(line) ?? [];
    if (rest === '' || rest.startsWith('+++') || rest.startsWith('---')) {
      if (line !== '' && rest === '')
        throw new Error(`line ${place + 1} of the trace is unreadable: ${line.slice(0, 200)}`);
      continue;
    }
    const begun = BEGUN.exec(rest);
    const resumed = RESUMED.exec(rest);
    if (begun) open.set(Number(thread), { name: begun[1] ?? '', args: begun[2] ?? '', begin: place });
    else if (resumed) {
      const first = open.get(Number(thread));
      // strace may attach to a thread in the middle of a call, whose beginning it then did not see.
      if (first) calls.push(toCall(Number(thread), first.name, first.args + (resumed[2] ?? ''), first.begin, place));
      open.delete(Number(thread));
    } else calls.push(completeCall(Number(thread), rest, place));
  }
  for (const [thread, { name, args, begin }] of open) calls.push(toCall(thread, name, args, begin, Infinity));
  return calls;
}

function completeCall(thread: number, text: string, place: number): SystemCall {
  const [, name, args] = ENDED.exec(text) ?? [];
  if (name === undefined || args === undefined)
    throw new Error(`line ${place + 1} of the trace is unreadable: ${text.slice(0, 200)}`);
  return toCall(thread, name, args, place, place);
}

function toCall(thread: number, name: string, text: string, begin: number, end: number): SystemCall {
  const path = /^\d+<([^>]*(?:->[^>]*)?)>/.exec(text)?.[1] ?? '';
  const result = /\) += (-?\d+)[^)]*(?:\([^)]*\))?$/.exec(text)?.[1];
  const strings = [...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) =>
    Buffer.from(hex.replaceAll('\\x', ''), 'hex'),
  );
  return {
    thread,
    name,
    path: decodePath(path),
    bytes: Buffer.concat(strings),
    result: end === Infinity || result === undefined ? null : Number(result),
    begin,
    end,
  };
}

/** With `-xx` paths are in hexadecimal as well. */
function decodePath(path: string): string {
  return path.replaceAll(/(?:\\x[0-9a-f]{2})+/g, (hex) => Buffer.from(hex.replaceAll('\\x', ''), 'hex').toString());
}
