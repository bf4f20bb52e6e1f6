/** Money as accounts meet it: held before a request runs, charged once for what was used, durable before the answer ends. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { serviceUnavailable } from '@plumb/wire';
import type { Engine } from '#server/engines/engine.js';
import type { LedgerOperation, LedgerStore, OperationResult } from '#server/ledger/ledger-store.js';
import { formatAmount } from '#server/ledger/money.js';
import { StoreError } from '#server/store/store-error.js';
import { ANSWER, AnsweringEngine } from '../support/answering-engine.js';
import { Operator } from '../support/operator.js';
import { contentEvent, ended, PlayedEngine } from '../support/played-engine.js';
import { startPlumb, type TestServerOptions } from '../support/plumb.js';
import { PRICED_MODEL } from '../support/priced-model.js';

const CHAT = { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 100 };

const MODELS = [PRICED_MODEL];
const BILLING = { currency: 'USD', require_balance: true, peak: { hours: [], days: [], except: [] } };

async function start<E extends Engine>(context: TestContext, engine: E, options: TestServerOptions = {}) {
  const settings = { models: MODELS, default_tier: 'unlimited', billing: BILLING, ...options.settings };
  const plumb = await startPlumb({ ...options, engine, settings });
  context.after(() => plumb.stop());
  const operator = await Operator.open(context, { dataDir: plumb.dataDir });
  const chat = async (fields: object = {}) => {
    const response = await plumb.chat({ ...CHAT, ...fields });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const balance = async () => {
    const { granted, toppedUp } = await operator.balanceOf(plumb.account.id);
    return formatAmount(granted + toppedUp);
  };
  /** Entries as `charge -0.00002`, additions left out. */
  const entries = async () =>
    (await operator.entriesOf(plumb.account.id))
      .filter(({ kind }) => kind !== 'credit' && kind !== 'grant')
      .map(({ kind, granted, toppedUp }) => `${kind} ${formatAmount(granted + toppedUp)}`);
  return { plumb, engine, operator, chat, balance, entries };
}

const answering = () => new AnsweringEngine({ prompt: 10, completion: 5, cached: 4 });

/** Waits for what happens beside an answer. */
async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

describe('a request that costs something', () => {
  for (const stream of [false, true]) {
    test(`is charged for what it used, cached tokens at their own price, ${stream ? 'streamed' : 'buffered'}`, async (context) => {
      const { chat, operator, plumb, balance, entries } = await start(context, answering());
      await operator.fund(plumb.account.id, '1');
      assert.equal((await chat({ stream })).status, 200);
      // By then it is durable: another process sees it.
      assert.deepEqual(await entries(), ['hold -0.00021', 'release 0.00021', 'charge -0.0000164']);
      assert.equal(await balance(), '0.9999836');
      const [usage] = await operator.usage();
      assert.deepEqual(
        [
          usage?.promptTokens,
          usage?.cacheHitTokens,
          usage?.completionTokens,
          usage?.cost,
          usage?.outcome,
          usage?.stream,
        ],
        [10, 4, 5, 16_400n, 'completed', stream],
      );
      await operator.assertSettled();
    });
  }

  test('is 402 when the most that it can cost is more than there is, and runs when it fits exactly', async (context) => {
    const { chat, operator, plumb, engine, balance } = await start(context, answering());
    assert.equal((await chat()).status, 402);
    await operator.fund(plumb.account.id, '0.000209999');
    const refused = await chat();
    assert.equal(refused.status, 402);
    assert.deepEqual(JSON.parse(refused.text), {
      error: { message: 'Insufficient Balance', type: 'unknown_error', param: null, code: 'invalid_request_error' },
    });
    assert.equal(engine.generations, 0);
    await operator.fund(plumb.account.id, '0.000000001');
    assert.equal((await chat()).status, 200);
    assert.equal(await balance(), '0.0001936');
  });

  test('without max_tokens may cost as much as its context has room for', async (context) => {
    const { chat, operator, plumb, entries } = await start(context, answering());
    await operator.fund(plumb.account.id, '1');
    await chat({ max_tokens: null });
    assert.equal((await entries())[0], `hold -${formatAmount(10_000n + 2000n * 1014n)}`);
  });

  test('spends what was granted first', async (context) => {
    const { chat, operator, plumb } = await start(context, answering());
    await operator.fund(plumb.account.id, '0.00001', 'grant');
    await operator.fund(plumb.account.id, '1');
    await chat();
    assert.deepEqual(await operator.balanceOf(plumb.account.id), { granted: 0n, toppedUp: 999_993_600n });
  });

  test('runs without a balance where none is required, and leaves a debt', async (context) => {
    const settings = { billing: { ...BILLING, require_balance: false } };
    const { chat, balance } = await start(context, answering(), { settings });
    assert.equal((await chat()).status, 200);
    assert.equal(await balance(), '-0.0000164');
  });

  test('gives its permit back when the balance does not cover it', async (context) => {
    const settings = { tiers: { test: { concurrent_requests: 1, tokens_per_minute: 1000 } }, default_tier: 'test' };
    const { chat } = await start(context, answering(), { settings });
    for (let time = 0; time < 3; time++) {
      const { status, headers } = await chat();
      assert.equal(status, 402);
      assert.equal(headers.get('x-ratelimit-remaining-tokens'), '1000');
    }
    assert.equal((await chat({ max_tokens: 1000 })).status, 429);
    assert.equal((await chat({ max_tokens: 990 })).status, 402, 'all tokens are there again');
  });
});

describe('many requests at once', () => {
  test('never spend more than there is, and the books add up', async (context) => {
    const { chat, operator, plumb, balance } = await start(context, answering());
    await operator.fund(plumb.account.id, '0.001');
    const statuses = (await Promise.all(Array.from({ length: 40 }, () => chat()))).map(({ status }) => status);
    const served = statuses.filter((status) => status === 200).length;
    assert.deepEqual([...new Set(statuses)].sort(), [200, 402]);
    assert.ok(served >= 4, `${served} were served`);
    assert.equal(await balance(), formatAmount(1_000_000n - 16_400n * BigInt(served)));
    await operator.assertSettled();
  });
});

describe('an answer that does not come to its end', () => {
  test('because its client left is paid for as far as it was produced', async (context) => {
    const { plumb, engine, operator, entries } = await start(context, new PlayedEngine());
    await operator.fund(plumb.account.id, '1');
    const arrival = engine.next();
    const leaving = new AbortController();
    const answer = plumb.chat({ ...CHAT, stream: true }, leaving.signal);
    const { sink } = await arrival;
    sink.onBegun();
    sink.onEvents(contentEvent('Hi'));
    await answer;
    leaving.abort();
    await until(async () => (await entries()).length === 3);
    assert.deepEqual(await entries(), ['hold -0.000203', 'release 0.000203', 'charge -0.000005']);
    const [usage] = await operator.usage();
    assert.deepEqual([usage?.outcome, usage?.completionTokens], ['client_left', 1]);
  });

  test('because its engine failed costs nothing, and its record says what was used', async (context) => {
    const { chat, engine, plumb, operator, entries, balance } = await start(context, new PlayedEngine());
    await operator.fund(plumb.account.id, '1');
    const arrival = engine.next();
    const answer = chat();
    (await arrival).sink.onFailure(serviceUnavailable(), ended({ prompt: 3, completion: 9 }).usage);
    assert.equal((await answer).status, 503);
    await until(async () => (await entries()).length === 2);
    assert.equal(await balance(), '1.00');
    const [usage] = await operator.usage();
    assert.deepEqual([usage?.outcome, usage?.completionTokens, usage?.cost], ['failed', 9, 0n]);
  });

  test('because the model refused it costs nothing and is not recorded', async (context) => {
    const { chat, engine, plumb, operator, entries } = await start(context, new PlayedEngine());
    await operator.fund(plumb.account.id, '1');
    const arrival = engine.next();
    const answer = chat();
    (await arrival).sink.onFailure(serviceUnavailable());
    await answer;
    await until(async () => (await entries()).length === 2);
    assert.deepEqual(await entries(), ['hold -0.000203', 'release 0.000203']);
    assert.deepEqual(await operator.usage(), []);
  });
});

/** A ledger store that fails or keeps silent when the test wants it to. */
class MoodyLedger {
  mood: 'takes' | 'fails' | 'is silent' = 'takes';
  readonly #store: LedgerStore;
  readonly #held: (() => void)[] = [];

  constructor(store: LedgerStore) {
    this.#store = store;
  }

  /** The store with its mood in the way of operations. */
  wrap(): LedgerStore {
    const store = this.#store;
    return {
      apply: (operations, serverId) => this.#apply(operations, serverId),
      balance: (accountId) => store.balance(accountId),
      keepAlive: (server, leaseUntil) => store.keepAlive(server, leaseUntil),
      releaseOrphans: (now, isGone) => store.releaseOrphans(now, isGone),
      removeServer: (serverId) => store.removeServer(serverId),
    };
  }

  /** Lets what waits go on. */
  answerAgain(): void {
    this.mood = 'takes';
    for (const release of this.#held.splice(0)) release();
  }

  async #apply(operations: readonly LedgerOperation[], serverId: string): Promise<readonly OperationResult[]> {
    if (this.mood === 'fails') throw new StoreError('unavailable', 'The database is away.');
    if (this.mood === 'is silent') await new Promise<void>((resolve) => this.#held.push(resolve));
    return this.#store.apply(operations, serverId);
  }
}

describe('the end of an answer', () => {
  async function startMoody(context: TestContext, waitsForDisk = true) {
    let moody: MoodyLedger | undefined;
    const started = await start(context, new PlayedEngine(), {
      settings: { billing: { ...BILLING, wait_for_disk: waitsForDisk } },
      start: {
        wrapAccess(access) {
          moody = new MoodyLedger(access.ledger);
          return { ...access, ledger: moody.wrap() };
        },
      },
    });
    await started.operator.fund(started.plumb.account.id, '1');
    return { ...started, ledger: moody! };
  }

  for (const stream of [true, false]) {
    test(`is not sent before the charge is on the disk where that is wanted, ${stream ? 'streamed' : 'buffered'}`, async (context) => {
      const { plumb, engine, ledger, entries } = await startMoody(context);
      const arrival = engine.next();
      const answer = plumb.chat({ ...CHAT, stream }).then((response) => response.text());
      const { sink } = await arrival;
      sink.onEvents(contentEvent(ANSWER));
      ledger.mood = 'is silent';
      sink.onEnd({ ...ended(), lastEvents: contentEvent('', 'stop') });
      let isComplete = false;
      void answer.then(() => {
        isComplete = true;
      });
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(isComplete, false);
      ledger.answerAgain();
      assert.match(await answer, stream ? /data: \[DONE\]\n\n$/ : /"content":"Hi"/);
      assert.deepEqual((await entries()).at(-1), 'charge -0.000005');
    });
  }

  for (const stream of [true, false]) {
    test(`does not wait for a database that is away, ${stream ? 'streamed' : 'buffered'}`, async (context) => {
      const { plumb, engine, ledger, operator } = await startMoody(context, false);
      const arrival = engine.next();
      const answer = plumb.chat({ ...CHAT, stream }).then((response) => response.text());
      const { sink } = await arrival;
      sink.onEvents(contentEvent(ANSWER));
      ledger.mood = 'fails';
      sink.onEnd({ ...ended(), lastEvents: contentEvent('', 'stop') });
      assert.match(await answer, stream ? /data: \[DONE\]\n\n$/ : /"content":"Hi"/);
      await until(() => plumb.lines.some(({ message }) => message === 'the ledger could not be written'));
      ledger.mood = 'takes';
      await until(async () => (await operator.entriesOf(plumb.account.id)).at(-1)?.kind === 'charge');
      await operator.assertSettled();
    });
  }

  test('comes when a ledger that failed is back in time', async (context) => {
    const { chat, engine, ledger, plumb, entries } = await startMoody(context);
    const arrival = engine.next();
    const answer = chat();
    const { sink } = await arrival;
    ledger.mood = 'fails';
    sink.onEvents(contentEvent(ANSWER));
    sink.onEnd({ ...ended(), lastEvents: contentEvent('', 'stop') });
    await until(() => plumb.lines.some(({ message }) => message === 'the ledger could not be written'));
    ledger.mood = 'takes';
    assert.equal((await answer).status, 200);
    assert.deepEqual((await entries()).at(-1), 'charge -0.000005');
  });

  test('is preceded by no new request while the ledger cannot be written', async (context) => {
    const { chat, ledger, engine, operator } = await startMoody(context);
    ledger.mood = 'fails';
    const { status, headers, text } = await chat();
    assert.equal(status, 503);
    assert.equal(JSON.parse(text).error.type, 'service_unavailable_error');
    assert.equal(headers.get('retry-after'), '1');
    assert.equal(engine.generations.length, 0);
    ledger.mood = 'takes';
    await until(async () => (await operator.balanceOf('')).granted === 0n);
  });
});
