/** PostgreSQL goes away and comes back under an open store: nothing is trusted meanwhile, and everything works again. */
import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { NewKey } from '#server/accounts/key-store.js';
import { openStore, type Store } from '#server/store/open-store.js';
import { readServer } from '#server/store/sql/postgres/open-postgres.js';
import {
  CHECK_INTERVAL_MS,
  CHECK_TIMEOUT_MS,
  FIRST_RECONNECT_DELAY_MS,
  RevisionWatch,
} from '#server/store/sql/postgres/revision-watch.js';
import { StoreError } from '#server/store/store-error.js';
import { ManualTime } from '../../limits/support/manual-time.js';
import { sharedPostgres } from '../../support/databases.js';
import { postgresIsMissing, startPostgres, type TestPostgres } from '../../support/postgres-server.js';
import { until } from '../../support/until.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { openLink } from '../helpers/silent-link.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

function newKey(id: string): NewKey {
  const account = { id: 'account', name: 'default' };
  return { id, name: `name of ${id}`, hash: `hash of ${id}`, lastFour: 'abcd', createdAt: 1000, account };
}

const isUnavailable = (error: unknown) => error instanceof StoreError && error.code === 'unavailable';

/** Whether two calls in a row give the same revision. */
function isSettled(revision: () => number): boolean {
  const first = revision();
  return revision() === first;
}

interface OpenStores {
  readonly stores: Store[];
  readonly lost: StoreError[];
  readonly url: string;
}

describe('PostgreSQL that goes away under a store', { skip: postgresIsMissing }, () => {
  let postgres: TestPostgres;

  before(async () => {
    postgres = await startPostgres();
  });

  after(() => postgres.stop());

  async function openStores(context: TestContext, count: number): Promise<OpenStores> {
    const database = { url: await postgres.createDatabase(), connections: 4 };
    const dataDir = await temporaryFolder(context);
    const lost: StoreError[] = [];
    const options = { dataDir, clock: new ManualClock(), database, onLost: (error: StoreError) => lost.push(error) };
    const stores: Store[] = [];
    for (let index = 0; index < count; index++) {
      const store = await openStore(options);
      context.after(() => store.close());
      stores.push(store);
    }
    return { stores, lost, url: database.url };
  }

  for (const [how, end] of [
    ['crashes', () => postgres.crash()],
    ['is shut down', () => postgres.shutDown()],
  ] as const) {
    test(`is told by every query while it is away, and is used again once it is back: it ${how}`, async (context) => {
      const { stores, lost } = await openStores(context, 2);
      const [here, there] = stores.map(({ keys }) => keys) as [Store['keys'], Store['keys']];
      await here.createKey(newKey('a'));
      await there.listKeys();
      await end();
      await until('both have noticed', () => lost.length === 2);
      for (const { message } of lost) assert.match(message, /^(?:The connection to )?PostgreSQL on 127\.0\.0\.1:\d+ /);
      const seen = Array.from({ length: 5 }, () => here.revision());
      assert.equal(new Set(seen).size, 5, 'nothing that was read is trusted');
      for (let attempt = 0; attempt < 3; attempt++) {
        await assert.rejects(here.findKey('hash of a'), isUnavailable);
        await assert.rejects(here.createKey(newKey('b')), isUnavailable);
      }
      await postgres.restart();
      assert.equal((await here.findKey('hash of a'))?.key.id, 'a', 'the next query works');
      await until('both listen again', () => isSettled(() => here.revision()) && isSettled(() => there.revision()));
      assert.ok(!seen.includes(here.revision()));
      const before = there.revision();
      await here.createKey(newKey('b'));
      await until('the other hears of changes again', () => there.revision() !== before);
      assert.equal((await there.listKeys()).length, 2);
      assert.equal(lost.length, 2);
    });
  }

  test('leaves nothing of a transaction that it interrupts', async (context) => {
    const { stores } = await openStores(context, 1);
    const keys = stores[0]!.keys;
    await keys.createKey(newKey('a'));
    const creating = Array.from({ length: 50 }, (_, index) => keys.createKey(newKey(`key ${index}`)));
    const outcomes = Promise.allSettled(creating);
    await Promise.race(creating);
    await postgres.crash();
    const created = (await outcomes).filter(({ status }) => status === 'fulfilled').length;
    for (const outcome of await outcomes) {
      if (outcome.status === 'rejected') assert.ok(isUnavailable(outcome.reason), String(outcome.reason));
    }
    await postgres.restart();
    const stored = (await keys.listKeys()).length - 1;
    assert.ok(stored >= created, `${created} were promised, ${stored} are there`);
  });

  test('or ends single connections, of which queries take new ones', async (context) => {
    const { stores, lost, url } = await openStores(context, 1);
    const keys = stores[0]!.keys;
    await keys.createKey(newKey('a'));
    const operator = await postgres.connect(url);
    await operator.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await operator.end();
    await until('the loss is noticed', () => lost.length === 1);
    // Each connection hears of its own end in its own time: a query that is sent just before fails in words.
    await until('a query takes a new connection', () =>
      keys.listKeys().then(
        (found) => found.length === 1,
        (error) => {
          assert.ok(isUnavailable(error), String(error));
          return false;
        },
      ),
    );
    await until('it listens again', () => isSettled(() => keys.revision()));
  });
});

describe('the watch of revisions on PostgreSQL', { skip: postgresIsMissing }, () => {
  test('notices a connection that died in silence, and trusts nothing until it has another one', async (context) => {
    const postgres = await sharedPostgres();
    const link = await openLink(context, postgres.port);
    const url = (await postgres.createDatabase()).replace(`:${postgres.port}/`, `:${link.port}/`);
    const time = new ManualTime();
    const lost: StoreError[] = [];
    const onLost = (error: StoreError) => lost.push(error);
    let timersSet = 0;
    const after = (delayMs: number, call: () => void) => {
      timersSet += 1;
      return time.after(delayMs, call);
    };
    const watch = await RevisionWatch.open({ server: readServer(url), onLost, timers: { after } });
    context.after(() => watch.close());
    const first = watch.current();
    for (let check = 0; check < 3; check++) {
      const before = timersSet;
      await time.pass(CHECK_INTERVAL_MS);
      // One for the answer, and one for the next question once the answer is there.
      await until('the question is answered', () => timersSet === before + 2);
    }
    assert.equal(watch.current(), first, 'a connection that answers is kept');
    link.silence();
    await time.pass(CHECK_INTERVAL_MS + CHECK_TIMEOUT_MS);
    await until('the loss is noticed', () => lost.length === 1);
    const seen = [first, watch.current(), watch.current()];
    assert.equal(new Set(seen).size, 3);
    link.restore();
    await time.pass(FIRST_RECONNECT_DELAY_MS);
    await until('it listens again', () => isSettled(() => watch.current()));
    assert.ok(!seen.includes(watch.current()));
  });

  test('counts a change that is heard of on several connections once', async (context) => {
    const server = readServer(await (await sharedPostgres()).createDatabase());
    const watch = await RevisionWatch.open({ server, onLost: assert.ifError });
    context.after(() => watch.close());
    const before = watch.current();
    watch.hear('one');
    const after = watch.current();
    watch.hear('one');
    assert.deepEqual([after === before, watch.current() === after], [false, true]);
  });
});
