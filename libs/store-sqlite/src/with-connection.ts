import { Connection } from './connection.js';

/** A connection for as long as `use` takes. */
export function withConnection<T>(file: string, use: (connection: Connection) => T): T {
  const connection = new Connection(file);
  try {
    return use(connection);
  } finally {
    connection.close();
  }
}
