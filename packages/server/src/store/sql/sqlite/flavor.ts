/** What is said to SQLite in its own way. */
import type { SqlFlavor } from '../migrate.js';

export const sqliteFlavor: SqlFlavor = {
  serialColumn: 'integer',
  bytesColumn: 'blob',
  locksRows: false,
  // Every transaction holds the write lock of the whole database from its beginning.
  async lockSetup() {},
  // Every process sees commits of the others in the file itself.
  async announceRevisions() {},
};
