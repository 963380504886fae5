/** What keys, revocations and the audit log ask, in one place so that a test can hold each to its query plan. */
export const ACCESS_QUERIES = {
  allKeys: 'SELECT id, name, rights, created_at, expires_at, last_used_at FROM api_keys ORDER BY id',
  secretsOf: 'SELECT sha256, expires_at FROM api_key_secrets WHERE key_id = ? ORDER BY place',
  allRevocations: 'SELECT sub, before FROM token_revocations',
  putKey: `
    INSERT INTO api_keys (id, name, rights, created_at, expires_at, last_used_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET
      name = excluded.name, rights = excluded.rights, created_at = excluded.created_at,
      expires_at = excluded.expires_at, last_used_at = excluded.last_used_at`,
  putSecret: 'INSERT INTO api_key_secrets (key_id, place, sha256, expires_at) VALUES (?, ?, ?, ?)',
  dropSecrets: 'DELETE FROM api_key_secrets WHERE key_id = ?',
  dropKey: 'DELETE FROM api_keys WHERE id = ?',
  touchKey: 'UPDATE api_keys SET last_used_at = ?2 WHERE id = ?1 AND coalesce(last_used_at, 0) < ?2',
  revoke: `
    INSERT INTO token_revocations (sub, before) VALUES (?, ?)
    ON CONFLICT (sub) DO UPDATE SET before = max(before, excluded.before)`,
  noteAct: `
    INSERT INTO audit_log (at, who, act, target, address, request_id, detail) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  acts: `
    SELECT seq, at, who, act, target, address, request_id, detail FROM audit_log
    WHERE seq < ? ORDER BY seq DESC LIMIT ?`,
} as const;
