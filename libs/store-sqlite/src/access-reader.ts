import type {
  AuditLogPage,
  AuditLogRequest,
  NumberedAuditEntry,
  StoredKey,
  StoredSecret,
  TokenRevocation,
} from '#clarion/access';
import { ADMINISTRATIVE_ACTS } from '#clarion/protocol/plain';
import { ACCESS_QUERIES } from './access-queries.js';
import {
  blob,
  integer,
  integerOrNull,
  text,
  textOrNull,
  type Connection,
  type Row,
  type Statement,
} from './connection.js';
import { StoreError } from './store-error.js';

/** A key as it lies in the file: whether its rights are rights, `rightsOf` says. */
export type ReadKey = Omit<StoredKey, 'rights'> & { readonly rights: unknown };

export interface LoadedAccess {
  readonly keys: readonly ReadKey[];
  readonly revocations: TokenRevocation[];
}

/** Reads keys, revocations and the audit log. */
export class AccessReader {
  readonly #connection: Connection;
  readonly #allKeys: Statement;
  readonly #secretsOf: Statement;
  readonly #allRevocations: Statement;
  readonly #acts: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#allKeys = connection.prepare(ACCESS_QUERIES.allKeys);
    this.#secretsOf = connection.prepare(ACCESS_QUERIES.secretsOf);
    this.#allRevocations = connection.prepare(ACCESS_QUERIES.allRevocations);
    this.#acts = connection.prepare(ACCESS_QUERIES.acts);
  }

  /** All of one moment. */
  load(): LoadedAccess {
    return this.#connection.read(() => {
      const keys = this.#allKeys.all([]).map((row) => keyOf(row, this.#secretsOf.all([text(row, 0)])));
      const revocations = this.#allRevocations.all([]).map((row) => ({ sub: text(row, 0), before: integer(row, 1) }));
      return { keys, revocations };
    });
  }

  /** One more is read than is asked for: it tells whether there are older ones. */
  auditLog({ before = Number.MAX_SAFE_INTEGER, limit }: AuditLogRequest): AuditLogPage {
    const rows = this.#acts.all([before, limit + 1]);
    return { entries: rows.slice(0, limit).map(entryOf), more: rows.length > limit };
  }
}

function keyOf(row: Row, secrets: readonly Row[]): ReadKey {
  return {
    id: text(row, 0),
    name: text(row, 1),
    rights: JSON.parse(text(row, 2)),
    secrets: secrets.map(secretOf),
    createdAt: integer(row, 3),
    expiresAt: integerOrNull(row, 4) ?? undefined,
    lastUsedAt: integerOrNull(row, 5) ?? undefined,
  };
}

function secretOf(row: Row): StoredSecret {
  return { sha256: new Uint8Array(blob(row, 0)), expiresAt: integerOrNull(row, 1) ?? undefined };
}

function entryOf(row: Row): NumberedAuditEntry {
  const act = ADMINISTRATIVE_ACTS.find((known) => known === text(row, 3));
  if (act === undefined) throw new StoreError('unreadable', `the audit log is damaged at ${integer(row, 0)}`);
  return {
    seq: integer(row, 0),
    at: integer(row, 1),
    who: text(row, 2),
    act,
    target: text(row, 4),
    address: textOrNull(row, 5) ?? undefined,
    requestId: textOrNull(row, 6) ?? undefined,
    detail: textOrNull(row, 7) ?? undefined,
  };
}
