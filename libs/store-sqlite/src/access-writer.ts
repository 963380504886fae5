import type { AuditEntry, KeyUse, StoredKey, TokenRevocation } from '#clarion/access';
import { ACCESS_QUERIES } from './access-queries.js';
import type { Connection, Statement } from './connection.js';

/** Writes keys, revocations and the audit log: each act in one transaction with its entry, and on disk when the call returns. */
export class AccessWriter {
  readonly #connection: Connection;
  readonly #putKey: Statement;
  readonly #putSecret: Statement;
  readonly #dropSecrets: Statement;
  readonly #dropKey: Statement;
  readonly #touchKey: Statement;
  readonly #revoke: Statement;
  readonly #noteAct: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#putKey = connection.prepare(ACCESS_QUERIES.putKey);
    this.#putSecret = connection.prepare(ACCESS_QUERIES.putSecret);
    this.#dropSecrets = connection.prepare(ACCESS_QUERIES.dropSecrets);
    this.#dropKey = connection.prepare(ACCESS_QUERIES.dropKey);
    this.#touchKey = connection.prepare(ACCESS_QUERIES.touchKey);
    this.#revoke = connection.prepare(ACCESS_QUERIES.revoke);
    this.#noteAct = connection.prepare(ACCESS_QUERIES.noteAct);
  }

  putKey({ id, name, rights, secrets, createdAt, expiresAt, lastUsedAt }: StoredKey, audit: AuditEntry): void {
    this.#connection.write(() => {
      const times = [createdAt, expiresAt ?? null, lastUsedAt ?? null];
      this.#putKey.run([id, name, JSON.stringify(rights), ...times]);
      this.#dropSecrets.run([id]);
      for (const [place, secret] of secrets.entries())
        this.#putSecret.run([id, place, Buffer.from(secret.sha256), secret.expiresAt ?? null]);
      this.#note(audit);
    });
  }

  deleteKey(id: string, audit: AuditEntry): void {
    this.#connection.write(() => {
      this.#dropSecrets.run([id]);
      this.#dropKey.run([id]);
      this.#note(audit);
    });
  }

  touchKeys(uses: readonly KeyUse[]): void {
    this.#connection.write(() => {
      for (const { id, lastUsedAt } of uses) this.#touchKey.run([id, lastUsedAt]);
    });
  }

  revoke({ sub, before }: TokenRevocation, audit: AuditEntry): void {
    this.#connection.write(() => {
      this.#revoke.run([sub, before]);
      this.#note(audit);
    });
  }

  audit(entry: AuditEntry): void {
    this.#connection.write(() => this.#note(entry));
  }

  #note({ at, who, act, target, address, requestId, detail }: AuditEntry): void {
    this.#noteAct.run([at, who, act, target, address ?? null, requestId ?? null, detail ?? null]);
  }
}
