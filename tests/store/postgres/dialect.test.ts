/** Kysely on PostgreSQL: the same JavaScript values as on SQLite, and bounds on what may be waited for. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { Kysely, sql } from 'kysely';
import { type Pool, types } from 'pg';
import { ANSWER_GRACE_MS, createPostgresDialect } from '#server/store/sql/postgres/dialect.js';
import { openPool, readServer } from '#server/store/sql/postgres/open-postgres.js';
import { StoreError } from '#server/store/store-error.js';
import { POSTGRES, sharedPostgres } from '../../support/databases.js';
import { until } from '../../support/until.js';
import { openLink } from '../helpers/silent-link.js';

interface TestTables {
  things: { id: number; amount: number | bigint };
}

async function openThings(context: TestContext) {
  const { queries } = await POSTGRES.openBare(context);
  await sql`create table things (id bigint primary key, amount bigint)`.execute(queries);
  return queries as unknown as Kysely<TestTables>;
}

interface SmallPool {
  readonly queries: Kysely<TestTables>;
  readonly pool: Pool;
}

/** One connection whose statements may take almost no time. */
async function openSmallPool(context: TestContext, url?: string): Promise<SmallPool> {
  const server = readServer(url ?? (await (await sharedPostgres()).createDatabase()));
  const statementTimeoutMs = 100;
  const pool = openPool(server, 1, statementTimeoutMs);
  const dialect = createPostgresDialect({ pool, name: server.name, statementTimeoutMs });
  const queries = new Kysely<TestTables>({ dialect });
  context.after(() => queries.destroy());
  return { queries, pool };
}

const unavailable = (message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StoreError && error.code === 'unavailable', String(error));
  assert.match(error.message, message);
  return true;
};

describe('integers in PostgreSQL', { skip: POSTGRES.skip }, () => {
  test('are numbers while these are exact and bigints beyond, sums and counts as well', async (context) => {
    const things = await openThings(context);
    const amounts = [7, -1, Number.MAX_SAFE_INTEGER, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)];
    await things
      .insertInto('things')
      .values(amounts.map((amount, id) => ({ id, amount })))
      .execute();
    const rows = await things.selectFrom('things').selectAll().orderBy('id').execute();
    assert.deepEqual(
      rows,
      amounts.map((amount, id) => ({ id, amount })),
    );
    const sumOf = async (...ids: number[]) => {
      const { fn } = things;
      const row = await things
        .selectFrom('things')
        .select([fn.sum('amount').as('sum'), fn.countAll().as('count')])
        .where('id', 'in', ids)
        .executeTakeFirstOrThrow();
      return [row.sum, row.count];
    };
    assert.deepEqual(await sumOf(0, 1), [6, 2]);
    assert.deepEqual(await sumOf(3, 4), [2n ** 53n + 2n ** 63n - 1n, 2]);
    assert.deepEqual(await sumOf(99), [null, 0]);
  });

  test('and averages, which are numbers, leave the parsers of other users of pg alone', async (context) => {
    const things = await openThings(context);
    const { rows } = await sql<{ average: number }>`select avg(n) as average from (values (1), (2)) as t (n)`.execute(
      things,
    );
    assert.equal(rows[0]?.average, 1.5);
    assert.equal(types.getTypeParser(20)('12'), '12');
  });
});

describe('what is waited for on PostgreSQL', { skip: POSTGRES.skip }, () => {
  test('is bounded for a statement, by the server; the connection can be used afterwards', async (context) => {
    const { queries, pool } = await openSmallPool(context);
    await assert.rejects(sql`select pg_sleep(60)`.execute(queries), unavailable(/did not finish a statement in time/));
    assert.deepEqual((await sql`select 1 as one`.execute(queries)).rows, [{ one: 1 }]);
    assert.equal(pool.totalCount, 1);
  });

  test('is bounded for a transaction that does nothing, by the server, which ends the connection', async (context) => {
    const postgres = await sharedPostgres();
    const url = await postgres.createDatabase();
    const { queries } = await openSmallPool(context, `${url}?idle_in_transaction_session_timeout=20`);
    const operator = await postgres.connect(url);
    const isAlone = async () => {
      const { rows } = await operator.query(
        'select count(*)::int as open from pg_stat_activity where datname = current_database()',
      );
      return rows[0].open === 1;
    };
    const transaction = queries.transaction().execute(async (inside) => {
      await sql`select 1`.execute(inside);
      await until('the server has ended the connection', isAlone);
      await sql`select 1`.execute(inside);
    });
    await assert.rejects(
      transaction,
      unavailable(/ended the connection \(terminating connection due to idle-in-trans/),
    );
    await operator.end();
    await sql`select 1`.execute(queries);
  });

  test('is bounded for a free connection', async (context) => {
    const { queries, pool } = await openSmallPool(context);
    // Connecting may take longer than that: the connection is there before the time is short.
    await sql`select 1`.execute(queries);
    pool.options.connectionTimeoutMillis = 50;
    await queries.connection().execute(async (connection) => {
      await sql`select 1`.execute(connection);
      await assert.rejects(
        sql`select 1`.execute(queries),
        unavailable(/^All 1 connections to PostgreSQL on 127\.0\.0\.1:\d+ were busy.*database\.connections/),
      );
    });
    await sql`select 1`.execute(queries);
  });

  test('is bounded when the network falls silent; the next query takes a new connection', async (context) => {
    const postgres = await sharedPostgres();
    const link = await openLink(context, postgres.port);
    const url = (await postgres.createDatabase()).replace(`:${postgres.port}/`, `:${link.port}/`);
    const { queries } = await openSmallPool(context, url);
    await sql`select 1`.execute(queries);
    link.silence();
    const transaction = queries.transaction().execute((inside) => sql`select 1`.execute(inside));
    await assert.rejects(transaction, unavailable(/was lost \(no answer within 2\.1 s\)/));
    assert.equal(ANSWER_GRACE_MS, 2000);
    link.restore();
    await sql`select 1`.execute(queries);
  });

  test('is bounded for a new connection', async (context) => {
    const postgres = await sharedPostgres();
    const link = await openLink(context, postgres.port);
    link.silence();
    const url = (await postgres.createDatabase()).replace(`:${postgres.port}/`, `:${link.port}/`);
    const { queries, pool } = await openSmallPool(context, url);
    pool.options.connectionTimeoutMillis = 50;
    await assert.rejects(sql`select 1`.execute(queries), unavailable(/cannot be reached \(.*timeout/));
  });
});
