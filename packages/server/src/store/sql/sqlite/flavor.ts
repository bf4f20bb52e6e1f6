/** What migrations say in SQLite's own way. */
import type { SqlFlavor } from '../migrate.js';

export const sqliteFlavor: SqlFlavor = {
  serialColumn: 'integer',
  // Every transaction holds the write lock of the whole database from its beginning.
  async lockSetup() {},
  // Every process sees commits of the others in the file itself.
  async announceRevisions() {},
};
