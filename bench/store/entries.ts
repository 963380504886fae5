import { markedPayload } from '../mark.js';
import { PAYLOAD_BYTES } from '../subjects.js';

/** What is appended everywhere: the members of a notification whose `data` has the size of every other measurement. */
export const entryBody = `"data":${markedPayload(PAYLOAD_BYTES)},"publishedAt":"2026-01-01T00:00:00.000Z"`;
export const TOPICS = ['bench'];

/** As long as the ids of notifications. */
export function entryId(number: number): string {
  return `01900000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}
