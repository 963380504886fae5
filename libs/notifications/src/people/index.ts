/** A second door, without Nest: what a store's threads decide by. Loading the library itself would cost each of them 35 MB. */
export { editBody, senderOf, tombstoneBody } from '../notification-body.js';
export { changeBody, changedBy } from './change-body.js';
export { beats, latest, reaches, type MarkValue, type RangeMark } from './marks.js';
export { NO_PREFERENCES, revisePreferences, type StoredPreferences } from './preferences.js';
export { TAKE_BACK_AFTER_MS } from '../push/push-store.js';
