import { SqlLedgerStore } from '#server/store/sql/ledger-store.js';
import { migrate } from '#server/store/sql/migrate.js';
import { MIGRATIONS } from '#server/store/sql/migrations/index.js';
import { ManualClock } from '../store/helpers/manual-clock.js';
import { DATABASES } from '../support/databases.js';
import { describeLedgerStore } from './ledger-store-contract.js';

for (const database of DATABASES) {
  describeLedgerStore(database.name, database.skip, async (context) => {
    const { queries, flavor } = await database.openBare(context);
    await migrate(queries, flavor, MIGRATIONS, new ManualClock());
    return { database: queries, store: new SqlLedgerStore(queries, flavor) };
  });
}
