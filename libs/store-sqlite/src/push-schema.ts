import type { Connection } from './connection.js';

/**
 * Devices and what is pushed to them. `pushes` has one row for each notification and device that was decided to ring, as long as the notification is kept,
 * and one for each push that closes others (`closes`), until it is done. `shown`: 1 while the device shows it, as far as is known, 2 when it is to be
 * closed. What waits of one device waits in one queue, and `push_hosts` has the earliest of each host: whoever hangs, or has thousands of
 * rows, is passed over in one step. AUTOINCREMENT, so that what comes of a push is never noted of another one.
 */
export function createPush(connection: Connection): void {
  createDevices(connection);
  createPushes(connection);
  createTakeBacks(connection);
}

function createDevices(connection: Connection): void {
  connection.exec(`
    CREATE TABLE vapid (
      singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
      public_key TEXT NOT NULL,
      private_key TEXT NOT NULL
    ) STRICT;
    CREATE TABLE devices (
      user TEXT NOT NULL,
      id TEXT NOT NULL,
      endpoint TEXT NOT NULL UNIQUE,
      host TEXT NOT NULL,
      p256dh TEXT NOT NULL,
      auth TEXT NOT NULL,
      name TEXT,
      locale TEXT,
      time_zone TEXT,
      subscribe TEXT NOT NULL,
      issued_at INTEGER,
      since_offset INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      verified_at INTEGER NOT NULL,
      last_success_at INTEGER,
      failures INTEGER NOT NULL DEFAULT 0,
      last_failure_at INTEGER,
      last_failure_reason TEXT,
      PRIMARY KEY (user, id)
    ) STRICT;
    CREATE TABLE choices (
      offset INTEGER NOT NULL,
      user TEXT NOT NULL,
      action TEXT NOT NULL,
      at INTEGER NOT NULL,
      transport TEXT NOT NULL,
      device TEXT,
      PRIMARY KEY (offset, user, action)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX choices_by_user ON choices (user, offset);
  `);
}

function createPushes(connection: Connection): void {
  connection.exec(`
    CREATE TABLE due_pushes (
      offset INTEGER PRIMARY KEY,
      due_at INTEGER NOT NULL,
      mark TEXT NOT NULL
    ) STRICT;
    CREATE INDEX due_pushes_by_time ON due_pushes (due_at);
    CREATE TABLE pushes (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      offset INTEGER,
      user TEXT NOT NULL,
      device TEXT NOT NULL,
      topic TEXT,
      ticket TEXT,
      collapse_key TEXT,
      closes TEXT,
      state TEXT NOT NULL,
      until INTEGER NOT NULL,
      attempts INTEGER NOT NULL DEFAULT 0,
      shortened INTEGER NOT NULL DEFAULT 0,
      planned_at INTEGER NOT NULL,
      at INTEGER NOT NULL,
      reason TEXT,
      shown INTEGER,
      taken_back_at INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX pushes_of_entry ON pushes (offset, user, device) WHERE offset IS NOT NULL;
    CREATE UNIQUE INDEX pushes_by_ticket ON pushes (ticket) WHERE ticket IS NOT NULL;
    CREATE INDEX pushes_by_user ON pushes (user);
    CREATE INDEX pushes_waiting ON pushes (user, device) WHERE state = 'waiting';
    CREATE INDEX pushes_shown ON pushes (user, offset) WHERE shown = 1;
    CREATE INDEX pushes_to_close ON pushes (user, device) WHERE shown = 2;
    CREATE INDEX pushes_by_tag ON pushes (user, device, collapse_key) WHERE shown = 1 AND collapse_key IS NOT NULL;
    CREATE TABLE push_queues (
      user TEXT NOT NULL,
      device TEXT NOT NULL,
      host TEXT NOT NULL,
      next_at INTEGER NOT NULL,
      claimed INTEGER,
      PRIMARY KEY (user, device)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX push_queues_by_host ON push_queues (host, next_at);
    CREATE TABLE push_hosts (
      host TEXT PRIMARY KEY,
      next_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX push_hosts_by_time ON push_hosts (next_at);
  `);
}

/** A person who has read something; an entry that was retracted, whose devices are found in steps. */
function createTakeBacks(connection: Connection): void {
  connection.exec(`
    CREATE TABLE take_backs (
      user TEXT PRIMARY KEY,
      due_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX take_backs_by_time ON take_backs (due_at);
    CREATE TABLE retracted_pushes (
      offset INTEGER PRIMARY KEY,
      due_at INTEGER NOT NULL,
      after_user TEXT NOT NULL,
      after_device TEXT NOT NULL
    ) STRICT;
    CREATE INDEX retracted_pushes_by_time ON retracted_pushes (due_at);
  `);
}
