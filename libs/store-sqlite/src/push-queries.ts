import { DEVICE_COLUMNS } from './device-row.js';
import { entryColumns } from './entry-row.js';

/** Pushes that may wait for one device; of more the oldest are cancelled. */
export const MAX_WAITING = 100;

/** The pushes of a plan, as JSON in `?3`: user, device, topic, ticket, until. */
const PLANNED = `
  FROM json_each(?3) AS p CROSS JOIN devices AS d ON d.user = p.value ->> 0 AND d.id = p.value ->> 1`;

/** What is asked and written of devices and pushes, in one place so that a test can hold each to its query plan. */
export const PUSH_QUERIES = {
  keepVapid: 'INSERT INTO vapid (singleton, public_key, private_key) VALUES (1, ?, ?) ON CONFLICT DO NOTHING',
  vapid: 'SELECT public_key, private_key FROM vapid WHERE singleton = 1',

  anyDevice: 'SELECT user FROM devices LIMIT 1',
  device: `SELECT ${DEVICE_COLUMNS} FROM devices WHERE user = ? AND id = ?`,
  devicesOf: `SELECT ${DEVICE_COLUMNS} FROM devices WHERE user = ? ORDER BY id`,
  deviceAt: 'SELECT user, id FROM devices WHERE endpoint = ?',
  verifiedOf: 'SELECT id, verified_at FROM devices WHERE user = ? ORDER BY id',
  insertDevice: `
    INSERT INTO devices (endpoint, host, p256dh, auth, name, locale, time_zone, subscribe, issued_at, verified_at, user, id, since_offset, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  updateDevice: `
    UPDATE devices SET endpoint = ?, host = ?, p256dh = ?, auth = ?, name = ?, locale = ?, time_zone = ?, subscribe = ?,
      issued_at = ?, verified_at = ?, failures = 0
    WHERE user = ? AND id = ?`,
  deleteDevice: 'DELETE FROM devices WHERE user = ? AND id = ?',
  noteSuccess: 'UPDATE devices SET last_success_at = ?3, failures = 0 WHERE user = ?1 AND id = ?2',
  noteFailure: `
    UPDATE devices SET failures = failures + 1, last_failure_at = ?3, last_failure_reason = ?4 WHERE user = ?1 AND id = ?2`,

  /** ?1, as JSON: offset, when, and the people named where there is nobody else; of these one must have a device. */
  insertDue: `
    INSERT INTO due_pushes (offset, due_at, mark)
    SELECT d.value ->> 0, d.value ->> 1, '' FROM json_each(?1) AS d
    WHERE d.value ->> 2 IS NULL OR EXISTS (
      SELECT 1 FROM json_each(d.value, '$[2]') AS u CROSS JOIN devices ON devices.user = u.value)`,
  due: 'SELECT offset, due_at, mark FROM due_pushes WHERE due_at <= ? ORDER BY due_at LIMIT ?',
  dueAt: 'SELECT due_at FROM due_pushes WHERE offset = ?',
  moveDue: 'UPDATE due_pushes SET mark = ?3 WHERE offset = ?1 AND mark = ?2',
  endDue: 'DELETE FROM due_pushes WHERE offset = ? AND mark = ?',
  dropDue: 'DELETE FROM due_pushes WHERE offset = ?',
  nextAt: `
    SELECT (SELECT min(due_at) FROM due_pushes WHERE due_at > ?1), (SELECT min(next_at) FROM push_hosts WHERE next_at > ?1),
      (SELECT min(due_at) FROM take_backs WHERE due_at > ?1), (SELECT min(due_at) FROM retracted_pushes WHERE due_at > ?1)`,

  /** Of the next followers of a topic, at most ?3, those who have a device that came before the offset ?4; at most ?5. */
  followersWithDevices: `
    SELECT f.user FROM (
      SELECT user FROM follows INDEXED BY follows_open
      WHERE topic = ?1 AND to_offset IS NULL AND user > ?2 ORDER BY user LIMIT ?3) AS f
    WHERE EXISTS (SELECT 1 FROM devices AS d WHERE d.user = f.user AND d.since_offset < ?4) LIMIT ?5`,
  nthFollower: `
    SELECT user FROM follows INDEXED BY follows_open
    WHERE topic = ? AND to_offset IS NULL AND user > ? ORDER BY user LIMIT 1 OFFSET ?`,
  /** Of the topics ?1, as JSON, those that the person ?2 followed at the offset ?3, and follows still: since an offset of at most ?4. */
  topicsHad: `
    SELECT t.value FROM json_each(?1) AS t
    WHERE EXISTS (
        SELECT 1 FROM follows WHERE user = ?2 AND topic = t.value AND to_offset IS NULL AND from_offset <= ?4)
      AND EXISTS (
        SELECT 1 FROM follows
        WHERE user = ?2 AND topic = t.value AND from_offset < ?3 AND (to_offset IS NULL OR to_offset >= ?3))`,
  acked: "SELECT 1 FROM receipts WHERE offset = ? AND user = ? AND stage = 'acked'",

  /** Of one notification and device the first is kept. */
  insertPushes: `
    INSERT INTO pushes (offset, user, device, topic, ticket, collapse_key, state, until, planned_at, at)
    SELECT ?1, d.user, d.id, p.value ->> 2, p.value ->> 3, (SELECT collapse_key FROM entries WHERE offset = ?1),
      'waiting', p.value ->> 4, ?2, ?2 ${PLANNED}
    WHERE true ON CONFLICT DO NOTHING`,
  insertClose: `
    INSERT INTO pushes (user, device, closes, state, until, planned_at, at) VALUES (?1, ?2, ?3, 'waiting', ?4, ?5, ?5)`,
  addToClose: 'UPDATE pushes SET closes = ?2, until = max(until, ?3) WHERE id = ?1',
  waitingClose: `
    SELECT id, closes FROM pushes
    WHERE user = ?1 AND device = ?2 AND state = 'waiting' AND closes IS NOT NULL
      AND id <> coalesce((SELECT claimed FROM push_queues WHERE user = ?1 AND device = ?2), 0) LIMIT 1`,
  overfull: `
    SELECT p.value ->> 0, p.value ->> 1 FROM json_each(?1) AS p
    WHERE ${MAX_WAITING} < (
      SELECT count(*) FROM pushes WHERE user = p.value ->> 0 AND device = p.value ->> 1 AND state = 'waiting')`,
  supersede: `
    UPDATE pushes SET state = 'cancelled', reason = 'superseded', at = ?3
    WHERE id IN (
      SELECT id FROM pushes
      WHERE user = ?1 AND device = ?2 AND state = 'waiting' AND closes IS NULL
        AND id <> coalesce((SELECT claimed FROM push_queues WHERE user = ?1 AND device = ?2), 0)
      ORDER BY id
      LIMIT (SELECT count(*) - ${MAX_WAITING} FROM pushes WHERE user = ?1 AND device = ?2 AND state = 'waiting'))`,

  enqueueAll: `INSERT INTO push_queues (user, device, host, next_at) SELECT d.user, d.id, d.host, ?2 ${PLANNED} WHERE ?1 > 0 ON CONFLICT DO NOTHING`,
  hostsOfAll: `
    SELECT q.host FROM json_each(?1) AS p CROSS JOIN push_queues AS q ON q.user = p.value ->> 0 AND q.device = p.value ->> 1`,
  enqueue: `
    INSERT INTO push_queues (user, device, host, next_at) SELECT user, id, host, ?3 FROM devices WHERE user = ?1 AND id = ?2
    ON CONFLICT DO NOTHING`,
  queue: 'SELECT host, next_at, claimed FROM push_queues WHERE user = ? AND device = ?',
  queuesOf: 'SELECT host FROM push_queues WHERE user = ?',
  holdQueue: 'UPDATE push_queues SET next_at = ?3, claimed = ?4 WHERE user = ?1 AND device = ?2',
  moveQueue: `
    UPDATE push_queues SET host = ?3, next_at = iif(claimed IS NULL, min(next_at, ?4), next_at) WHERE user = ?1 AND device = ?2`,
  dropQueue: 'DELETE FROM push_queues WHERE user = ? AND device = ?',
  claimedQueues: 'SELECT host FROM push_queues WHERE claimed IS NOT NULL',
  releaseQueues: `
    UPDATE push_queues SET next_at = coalesce((SELECT planned_at FROM pushes WHERE id = claimed), 0), claimed = NULL
    WHERE claimed IS NOT NULL`,
  putHost: `
    INSERT INTO push_hosts (host, next_at)
    SELECT host, next_at FROM push_queues WHERE host = ? ORDER BY next_at LIMIT 1
    ON CONFLICT (host) DO UPDATE SET next_at = excluded.next_at`,
  dropHost: 'DELETE FROM push_hosts WHERE host = ?',

  nextHost: `
    SELECT host FROM push_hosts
    WHERE next_at <= ? AND host NOT IN (SELECT value FROM json_each(?)) ORDER BY next_at LIMIT 1`,
  nextDevice: `
    SELECT user, device FROM push_queues AS q
    WHERE host = ? AND next_at <= ?
      AND NOT EXISTS (SELECT 1 FROM json_each(?) AS e WHERE e.value ->> 0 = q.user AND e.value ->> 1 = q.device)
    ORDER BY next_at LIMIT 1`,
  firstWaiting: `
    SELECT id, offset, topic, ticket, closes, until, attempts, shortened FROM pushes
    WHERE user = ? AND device = ? AND state = 'waiting' ORDER BY id LIMIT 1`,
  attempt: 'UPDATE pushes SET attempts = attempts + 1, at = ?2 WHERE id = ?1',
  cancel: "UPDATE pushes SET state = 'cancelled', reason = ?2, at = ?3 WHERE id = ?1",
  dropPush: 'DELETE FROM pushes WHERE id = ?',

  push: 'SELECT user, device, offset, state, closes FROM pushes WHERE id = ?',
  noteSent: "UPDATE pushes SET state = 'sent', at = ?2, reason = NULL, shown = ?3 WHERE id = ?1",
  noteWaiting: 'UPDATE pushes SET at = ?2, reason = ?3, shortened = ?4 WHERE id = ?1',
  notePark: "UPDATE pushes SET state = 'parked', at = ?2, reason = ?3 WHERE id = ?1",
  noteTakenBack: 'UPDATE pushes SET taken_back_at = ?2 WHERE id IN (SELECT value ->> 0 FROM json_each(?1))',
  /** A device of which nothing is left to come. */
  goWaiting: "UPDATE pushes SET state = 'gone', at = ?3 WHERE user = ?1 AND device = ?2 AND state = 'waiting'",
  dropWaitingCloses: "DELETE FROM pushes WHERE user = ? AND device = ? AND state = 'waiting' AND closes IS NOT NULL",
  hideShown: 'UPDATE pushes SET shown = NULL WHERE user = ? AND device = ? AND shown = 1',
  hideToClose: 'UPDATE pushes SET shown = NULL WHERE user = ? AND device = ? AND shown = 2',

  /** Of these offsets, as JSON. */
  closeEach: `
    UPDATE pushes SET shown = 2 WHERE user = ?1 AND shown = 1 AND offset IN (SELECT value FROM json_each(?2))`,
  /** Of all up to an offset; by a topic, or (the empty one) by any. */
  closeUpTo: `
    UPDATE pushes SET shown = 2
    WHERE user = ?1 AND shown = 1 AND offset <= ?2
      AND (?3 = '' OR EXISTS (
        SELECT 1 FROM entries AS e CROSS JOIN json_each(e.topics) AS t WHERE e.offset = pushes.offset AND t.value = ?3))`,
  putTakeBack: `
    INSERT INTO take_backs (user, due_at) VALUES (?, ?)
    ON CONFLICT (user) DO UPDATE SET due_at = min(due_at, excluded.due_at)`,
  dueTakeBacks: 'SELECT user FROM take_backs WHERE due_at <= ? ORDER BY due_at LIMIT ?',
  dropTakeBack: 'DELETE FROM take_backs WHERE user = ?',
  toClose: `
    SELECT id, device, offset, until FROM pushes WHERE user = ? AND shown = 2 ORDER BY device LIMIT ?`,
  setShown: 'UPDATE pushes SET shown = ?2 WHERE id IN (SELECT value FROM json_each(?1))',
  sameTagLater: `
    SELECT 1 FROM pushes WHERE user = ? AND device = ? AND collapse_key = ? AND shown = 1 AND id > ? LIMIT 1`,
  putRetracted: `
    INSERT INTO retracted_pushes (offset, due_at, after_user, after_device)
    SELECT ?1, ?2, '', '' WHERE EXISTS (SELECT 1 FROM pushes WHERE offset = ?1) ON CONFLICT DO NOTHING`,
  dueRetracted: `
    SELECT offset, after_user, after_device FROM retracted_pushes WHERE due_at <= ? ORDER BY due_at LIMIT 1`,
  retractedPushes: `
    SELECT id, user, device, shown FROM pushes
    WHERE offset = ? AND (user, device) > (?, ?) ORDER BY user, device LIMIT ?`,
  moveRetracted: 'UPDATE retracted_pushes SET after_user = ?2, after_device = ?3 WHERE offset = ?1',
  dropRetracted: 'DELETE FROM retracted_pushes WHERE offset = ?',

  ticket: `
    SELECT p.user, p.device, ${entryColumns('e')} FROM pushes AS p CROSS JOIN entries AS e ON e.offset = p.offset
    WHERE p.ticket = ?`,
  pushesOf: `
    SELECT device, state, planned_at, at, attempts, reason, taken_back_at FROM pushes
    WHERE offset = ? AND user = ? ORDER BY device`,
  waiting: "SELECT (SELECT count(*) FROM due_pushes), (SELECT count(*) FROM pushes WHERE state = 'waiting')",

  choice: 'SELECT 1 FROM choices WHERE offset = ? AND user = ? AND action = ?',
  putChoice: 'INSERT INTO choices (offset, user, action, at, transport, device) VALUES (?, ?, ?, ?, ?, ?)',
  choicesOf: 'SELECT action, at, transport, device FROM choices WHERE offset = ? AND user = ?',
  choicesOfUser: 'SELECT offset, action, at, transport, device FROM choices WHERE user = ? ORDER BY offset',

  eraseDevices: 'DELETE FROM devices WHERE user = ?',
  erasePushes: 'DELETE FROM pushes WHERE user = ?',
  eraseQueues: 'DELETE FROM push_queues WHERE user = ?',
  eraseTakeBack: 'DELETE FROM take_backs WHERE user = ?',
  eraseChoices:
    'DELETE FROM choices WHERE (offset, user, action) IN (SELECT offset, user, action FROM choices WHERE user = ?)',
  dropPushes: 'DELETE FROM pushes WHERE id IN (SELECT id FROM pushes WHERE offset = ? LIMIT ?)',
  dropChoices: `
    DELETE FROM choices
    WHERE (offset, user, action) IN (SELECT offset, user, action FROM choices WHERE offset = ? LIMIT ?)`,
} as const;
