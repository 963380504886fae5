import type { PublishRecord } from './records.js';
import type { SystemCall } from './system-calls.js';

/** What is missing between one publish's request and its answer. */
export interface Unproven {
  readonly key: string;
  readonly why:
    | 'request not seen'
    | 'not in the log file'
    | 'not committed'
    | 'not synced'
    | 'answered too early'
    | 'answer not seen';
}

export interface DurabilityProof {
  readonly unproven: readonly Unproven[];
  /** Syncs on which at least one publish rests. */
  readonly syncs: number;
}

const READS = new Set(['read', 'readv', 'recvfrom', 'recvmsg']);
const WRITES = new Set(['write', 'writev', 'sendto', 'sendmsg']);
const SYNCS = new Set(['fsync', 'fdatasync']);
/** SQLite's file format, "The Write-Ahead Log": each page is preceded by a header of so many bytes. */
const FRAME_HEADER_BYTES = 24;

/**
 * Shows for every acknowledged publish that after its request was read, its text was written to the write-ahead log, the frame
 * that commits it was written, a sync of that file was begun and completed without error, and only then its answer was begun.
 * The order is that of the lines of the trace; an effect in another thread never stands before its cause.
 */
export function proveDurability(calls: readonly SystemCall[], publishes: readonly PublishRecord[]): DurabilityProof {
  const log = logWrites(calls);
  const syncs = new Set<SystemCall>();
  const unproven: Unproven[] = [];
  for (const publish of publishes) {
    const proof = prove(publish, calls, log);
    if (typeof proof === 'string') unproven.push({ key: publish.key, why: proof });
    else syncs.add(proof);
  }
  return { unproven, syncs: syncs.size };
}

interface LogWrites {
  readonly writes: readonly SystemCall[];
  /** Lines on which the last page of a transaction was written. */
  readonly commits: readonly { readonly path: string; readonly end: number }[];
  readonly syncs: readonly SystemCall[];
}

function logWrites(calls: readonly SystemCall[]): LogWrites {
  const isLog = ({ path }: SystemCall) => path.endsWith('-wal');
  const writes = calls.filter((call) => call.name === 'pwrite64' && isLog(call));
  const commits = writes.flatMap((header, index) => {
    const page = writes[index + 1];
    return page && endsTransaction(header) ? [{ path: page.path, end: page.end }] : [];
  });
  return { writes, commits, syncs: calls.filter((call) => SYNCS.has(call.name) && isLog(call) && call.result === 0) };
}

/** Of the last frame of a transaction the second word is the size of the database; of all others it is zero. */
function endsTransaction({ bytes }: SystemCall): boolean {
  return bytes.length === FRAME_HEADER_BYTES && bytes.readUInt32BE(4) !== 0;
}

/** The sync on which the publish rests, or what is missing. */
function prove(publish: PublishRecord, calls: readonly SystemCall[], log: LogWrites): SystemCall | Unproven['why'] {
  const text = `"key":${JSON.stringify(publish.key)}`;
  const request = calls.find((call) => READS.has(call.name) && call.bytes.includes(text));
  if (!request) return 'request not seen';
  const written = log.writes.find((call) => call.begin > request.end && call.bytes.includes(text));
  if (!written) return 'not in the log file';
  const committed = log.commits.find(({ path, end }) => path === written.path && end >= written.end);
  if (!committed) return 'not committed';
  const answerText = `"id":${JSON.stringify(publish.acknowledged?.id)}`;
  const answer = calls.find(
    (call) => WRITES.has(call.name) && call.begin > request.end && call.bytes.includes(answerText),
  );
  if (!answer) return 'answer not seen';
  const synced = log.syncs.filter(({ path, begin }) => path === written.path && begin > committed.end);
  if (synced.length === 0) return 'not synced';
  return synced.find(({ end }) => end < answer.begin) ?? 'answered too early';
}
