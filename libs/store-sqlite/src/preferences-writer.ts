import type { ActResult, PreferencesAct } from '#clarion/notifications';
import { NO_PREFERENCES, revisePreferences } from '#clarion/notifications/people';
import type { Connection, Statement } from './connection.js';
import type { EntryWriter } from './entry-writer.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { addPersonal } from './personal-entry.js';
import { storedPreferences } from './person-reader.js';

/** Replaces what people have chosen. */
export class PreferencesWriter {
  readonly #entries: EntryWriter;
  readonly #get: Statement;
  readonly #put: Statement;

  constructor(connection: Connection, entries: EntryWriter) {
    this.#entries = entries;
    this.#get = connection.prepare(PEOPLE_QUERIES.preferences);
    this.#put = connection.prepare(PEOPLE_QUERIES.putPreferences);
  }

  replace(id: string, act: PreferencesAct): ActResult {
    const before = storedPreferences(this.#get.get([act.user])) ?? NO_PREFERENCES;
    const revised = revisePreferences(before, act.wanted, act.at);
    if (revised === before) return { outcome: 'acted', entry: null };
    this.#put.run([act.user, JSON.stringify(revised)]);
    return { outcome: 'acted', entry: addPersonal(this.#entries, id, act) };
  }
}
