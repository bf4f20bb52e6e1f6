/** A PostgreSQL that cannot be used is told in a sentence for the operator, which never repeats the password. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { sql } from 'kysely';
import { openStore } from '#server/store/open-store.js';
import { StoreError, type StoreErrorCode } from '#server/store/store-error.js';
import { POSTGRES, sharedPostgres } from '../../support/databases.js';
import { POSTGRES_PASSWORD } from '../../support/postgres-server.js';

async function optionsWith(context: TestContext, change: (url: URL) => void) {
  const options = await POSTGRES.options(context);
  const url = new URL(options.database!.url!);
  change(url);
  return { ...options, database: { url: url.href, connections: 2 } };
}

/** Runs SQL as the operator in the database of an address. */
async function operate(url: string, statement: string): Promise<void> {
  const operator = await (await sharedPostgres()).connect(url);
  await operator.query(statement);
  await operator.end();
}

/** Nothing that could be logged of it holds the password, in any spelling. */
function assertTells(error: unknown, code: StoreErrorCode, message: RegExp, password = POSTGRES_PASSWORD): true {
  assert.ok(error instanceof StoreError, inspect(error));
  assert.match(error.message, message);
  assert.equal(error.code, code);
  const everything = inspect(error, { depth: 20, showHidden: true });
  for (const spelling of [password, encodeURIComponent(password)]) assert.ok(!everything.includes(spelling), spelling);
  return true;
}

describe('opening a store on PostgreSQL', { skip: POSTGRES.skip }, () => {
  test('tells that no server is there', async (context) => {
    const options = await optionsWith(context, (url) => {
      url.port = '1';
    });
    await assert.rejects(openStore(options), (error) =>
      assertTells(
        error,
        'unavailable',
        /^PostgreSQL on 127\.0\.0\.1:1 cannot be reached \(.*ECONNREFUSED.*database\.url/,
      ),
    );
  });

  test('tells that the host has no address', async (context) => {
    const options = await optionsWith(context, (url) => {
      url.hostname = 'postgres.invalid';
    });
    await assert.rejects(openStore(options), (error) =>
      assertTells(error, 'unavailable', /^PostgreSQL on postgres\.invalid:\d+ cannot be reached/),
    );
  });

  test('tells that the password is wrong, or missing', async (context) => {
    const wrong = await optionsWith(context, (url) => {
      url.password = 'wrong-password';
    });
    await assert.rejects(openStore(wrong), (error) =>
      assertTells(
        error,
        'unavailable',
        /refuses the user postgres \(.*check the user and the password/,
        'wrong-password',
      ),
    );
    const missing = await optionsWith(context, (url) => {
      url.password = '';
    });
    await assert.rejects(openStore(missing), (error) =>
      assertTells(error, 'unavailable', /cannot be reached \(.*password/),
    );
  });

  test('tells that the database is missing', async (context) => {
    const options = await optionsWith(context, (url) => {
      url.pathname = '/nowhere';
    });
    await assert.rejects(openStore(options), (error) =>
      assertTells(
        error,
        'unavailable',
        /^There is no database nowhere on 127\.0\.0\.1:\d+: create it \(createdb nowhere\)/,
      ),
    );
  });

  test('tells that the address is none', async (context) => {
    const options = await POSTGRES.options(context);
    for (const url of [
      'postgres://user:hunter2@host:port/x',
      'postgres://user:hunter2%zz@host/x?sslrootcert=/missing',
    ]) {
      await assert.rejects(openStore({ ...options, database: { url, connections: 2 } }), (error) =>
        assertTells(error, 'unavailable', /^database\.url is no address of a PostgreSQL database/, 'hunter2'),
      );
    }
  });

  test('tells that all connections are taken', async (context) => {
    const options = await optionsWith(context, (url) => {
      url.username = 'limited';
    });
    await operate(options.database.url, `create role limited login connection limit 0 password '${POSTGRES_PASSWORD}'`);
    await assert.rejects(openStore(options), (error) =>
      assertTells(error, 'unavailable', /has no connection left \(.*max_connections.*database\.connections/),
    );
  });

  test('tells that the user may not make tables', async (context) => {
    const options = await optionsWith(context, (url) => {
      url.username = 'guest';
    });
    await operate(options.database.url, `create role guest login password '${POSTGRES_PASSWORD}'`);
    await operate(options.database.url, 'revoke create on schema public from public');
    await assert.rejects(openStore(options), (error) =>
      assertTells(error, 'unavailable', /^The user guest may not do .*permission denied.*make it the owner/),
    );
  });

  test('tells that the database is read-only', async (context) => {
    const options = await optionsWith(context, () => {});
    const name = new URL(options.database.url).pathname.slice(1);
    await operate(options.database.url, `alter database ${name} set default_transaction_read_only = on`);
    await assert.rejects(openStore(options), (error) =>
      assertTells(error, 'unavailable', /^The database plumb\d+ on .* is read-only.*primary/),
    );
  });

  test('tells that the database was never used when one must exist, and leaves it as it is', async (context) => {
    const options = await POSTGRES.options(context);
    for (let attempt = 0; attempt < 2; attempt++) {
      await assert.rejects(openStore({ ...options, mustExist: true }), (error) =>
        assertTells(error, 'missing', /^The database plumb\d+ on .* has never been used by Plumb/),
      );
    }
    await POSTGRES.open(context, options);
    await (await openStore({ ...options, mustExist: true })).close();
  });

  test('tells that a newer version of the program wrote it', async (context) => {
    const options = await POSTGRES.options(context);
    await POSTGRES.open(context, options);
    await operate(options.database!.url!, "insert into migrations values (9999, 'from-the-future', 1)");
    await assert.rejects(openStore(options), (error) => assertTells(error, 'incompatible', /9999 \(from-the-future\)/));
  });
});

describe('a query on PostgreSQL that fails because of the database as a whole', { skip: POSTGRES.skip }, () => {
  /** Conditions that are hard to bring about are raised by name. */
  const CONDITIONS: readonly (readonly [string, StoreErrorCode, RegExp])[] = [
    ['53100', 'unavailable', /^The disk of PostgreSQL on 127\.0\.0\.1:\d+ is full: make room on it\.$/],
    ['53200', 'unavailable', /cannot read or write \(raised\): its own log says more/],
    ['58030', 'unavailable', /cannot read or write \(raised\)/],
    ['40P01', 'unavailable', /Another client .* was in the way \(raised\): try again/],
    ['40001', 'unavailable', /Another client/],
    ['55P03', 'unavailable', /Another client/],
    ['57P03', 'unavailable', /is starting or stopping/],
    ['XX001', 'damaged', /^The database plumb\d+ on .* is damaged \(raised\)\. Put a backup in its place/],
  ];

  for (const [condition, code, message] of CONDITIONS) {
    test(`says so: ${condition}`, async (context) => {
      const { queries } = await POSTGRES.openBare(context);
      const raising = sql.raw(`do $$ begin raise exception 'raised' using errcode = '${condition}'; end $$`);
      await assert.rejects(raising.execute(queries), (error) => assertTells(error, code, message));
      assert.deepEqual((await sql`select 1 as one`.execute(queries)).rows, [{ one: 1 }]);
    });
  }

  test('is no StoreError when only the query is wrong', async (context) => {
    const { queries } = await POSTGRES.openBare(context);
    await assert.rejects(sql`select nothing`.execute(queries), (error) => !(error instanceof StoreError));
  });
});
