import { join } from 'node:path';
import Database from 'libsql';
import { z } from 'zod';

const countSchema = z.tuple([z.number()]);
const nameSchema = z.tuple([z.string()]);

/** Rows of all tables of a server's database, while it runs. */
export function countRows(dataDir: string): number {
  const database = new Database(join(dataDir, 'clarion.db'), { readonly: true });
  try {
    const names = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .raw(true)
      .all([])
      .map((row) => nameSchema.parse(row)[0]);
    return names.reduce(
      (sum, name) => sum + countSchema.parse(database.prepare(`SELECT count(*) FROM "${name}"`).raw(true).get([]))[0],
      0,
    );
  } finally {
    database.close();
  }
}
