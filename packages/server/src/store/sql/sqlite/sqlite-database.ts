/** The database in a data folder: a SQLite file. */
import { Kysely } from 'kysely';
import type { Clock } from '../../../observe/clock.js';
import { migrate } from '../migrate.js';
import { MIGRATIONS } from '../migrations/index.js';
import type { Tables } from '../schema.js';
import type { SqlDatabase } from '../sql-database.js';
import { NodeSqliteDialect } from './dialect.js';
import { explainSqliteError } from './errors.js';
import { sqliteFlavor } from './flavor.js';
import { openSqlite, openSqliteReader } from './open-sqlite.js';
import { RevisionWatch } from './revision-watch.js';

/** Opens the file, made when there is none, and brings its schema up to date. Rejects with a StoreError. */
export async function openSqliteDatabase(path: string, clock: Clock): Promise<SqlDatabase> {
  const queries = new Kysely<Tables>({ dialect: new NodeSqliteDialect(await openSqlite(path), path) });
  try {
    await migrate(queries, sqliteFlavor, MIGRATIONS, clock);
    const revisions = new RevisionWatch(openSqliteReader(path), path, 'keys');
    return {
      queries,
      flavor: sqliteFlavor,
      revision: () => revisions.current(),
      async close() {
        revisions.close();
        // The writer last: the last connection to close moves the journal into the database file.
        await queries.destroy();
      },
    };
  } catch (error) {
    await queries.destroy();
    throw explainSqliteError(error, path);
  }
}
