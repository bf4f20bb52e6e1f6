/** Money that is set aside for many requests at once: never more than there is, and all of it comes back. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type HoldOperation,
  type OperationResult,
  type ReleasedHold,
  WISH_SHARES,
} from '#server/ledger/ledger-store.js';
import type { Hold } from '#server/ledger/purse.js';
import { BUSY_HOLDS, PURSE_REST_MS, Purses } from '#server/ledger/purses.js';
import { ManualTime, settleDown } from '../limits/support/manual-time.js';

/** A ledger of one account in memory. */
class Account {
  balance: bigint;
  readonly holds = new Map<string, bigint>();
  fills = 0;

  constructor(balance: bigint) {
    this.balance = balance;
  }

  async fill({ requestId, amount, wish }: HoldOperation): Promise<OperationResult> {
    this.fills += 1;
    const isFilled = wish !== undefined && this.balance >= wish * WISH_SHARES;
    const taken = isFilled ? wish : amount;
    if (this.balance < taken) return 'insufficient_balance';
    this.balance -= taken;
    this.holds.set(requestId, taken);
    return isFilled ? 'filled' : 'done';
  }

  putBack({ id, amount }: ReleasedHold): void {
    const held = this.holds.get(id) ?? 0n;
    const released = amount === undefined || amount > held ? held : amount;
    this.balance += released;
    if (amount === undefined) this.holds.delete(id);
    else this.holds.set(id, held - released);
  }

  /** What a request has cost, with what goes back with it. */
  settle(hold: Hold, cost: bigint): void {
    const released = hold.purse.giveBack(hold, cost);
    if (released !== undefined) this.putBack(released);
    this.balance -= cost;
  }
}

function start(balance: bigint) {
  const account = new Account(balance);
  const time = new ManualTime();
  const purses = new Purses({
    ...{ clock: time, timers: time },
    fill: (operation) => account.fill(operation),
    putBack: (hold) => account.putBack(hold),
  });
  const hold = async (amount: bigint) => purses.take('a', amount) ?? (await purses.fill('a', amount, false));
  return { account, time, purses, hold };
}

describe('an account that is not busy', () => {
  test('has just what its request needs set aside, and all of it back afterwards', async () => {
    const { account, hold } = start(1_000_000n);
    const held = await hold(10n);
    assert.ok(held);
    assert.equal(account.balance, 999_990n);
    account.settle(held, 4n);
    assert.deepEqual([account.balance, account.holds.size], [999_996n, 0]);
  });

  test('may use the last nano-unit, and not one beyond', async () => {
    const { account, hold } = start(100n);
    assert.ok(await hold(100n));
    assert.equal(await hold(1n), undefined);
    assert.equal(account.balance, 0n);
  });
});

describe('an account that is busy', () => {
  async function makeBusy(balance: bigint) {
    const started = start(balance);
    for (let request = 0; request <= BUSY_HOLDS; request++) {
      const held = await started.hold(10n);
      assert.ok(held);
      started.account.settle(held, 1n);
    }
    return started;
  }

  test('has its holds made in memory', async () => {
    const { account, hold } = await makeBusy(1_000_000n);
    const { fills } = account;
    for (let request = 0; request < 100; request++) account.settle((await hold(10n)) as Hold, 1n);
    assert.equal(account.fills, fills);
  });

  test('gets a larger purse when one is too small for all that run at the same time', async () => {
    const { account, hold } = await makeBusy(1_000_000_000n);
    const { fills } = account;
    const held = await Promise.all(Array.from({ length: 1000 }, () => hold(10n)));
    assert.ok(account.fills - fills < 1000);
    for (const each of held) account.settle(each as Hold, 1n);
    const { fills: filled } = account;
    assert.ok((await Promise.all(Array.from({ length: 500 }, () => hold(10n)))).every((each) => each !== undefined));
    assert.ok(account.fills - filled <= 500);
  });

  test('has everything back once it rests', async () => {
    const { account, time, hold } = await makeBusy(1_000_000n);
    const held = (await hold(10n)) as Hold;
    await time.pass(10 * PURSE_REST_MS);
    assert.notEqual(account.holds.size, 0, 'a request is under way');
    account.settle(held, 1n);
    await time.pass(3 * PURSE_REST_MS);
    assert.deepEqual([account.holds.size, account.balance], [0, 1_000_000n - BigInt(BUSY_HOLDS) - 2n]);
    assert.equal(time.timers, 0);
  });

  test('is not refused for what lies in its own purse', async () => {
    const { account, hold } = await makeBusy(10_000n);
    const lent = [...account.holds.values()].reduce((sum, amount) => sum + amount, 0n);
    assert.ok(lent > 0n, 'there is a purse');
    assert.ok(await hold(account.balance + lent));
  });

  test('has all of it back when the server stops', async () => {
    const { account, purses } = await makeBusy(1_000_000n);
    purses.close();
    await settleDown();
    assert.equal(account.holds.size, 0);
  });
});

describe('any number of requests', () => {
  const steps = fc.array(
    fc.record({ amount: fc.bigInt({ min: 1n, max: 50n }), share: fc.nat(120), pass: fc.nat(3000), ends: fc.nat(5) }),
    { maxLength: 120 },
  );

  test('set no more aside than there is, and leave the balance less what they cost', async () => {
    await fc.assert(
      fc.asyncProperty(fc.bigInt({ min: 0n, max: 20_000n }), steps, async (balance, taken) => {
        const { account, time, purses, hold } = start(balance);
        const running: { held: Hold; cost: bigint }[] = [];
        let spent = 0n;
        const end = ({ held, cost }: { held: Hold; cost: bigint }) => {
          account.settle(held, cost);
          spent += cost;
        };
        for (const { amount, share, pass, ends } of taken) {
          const held = await hold(amount);
          if (held !== undefined) running.push({ held, cost: (amount * BigInt(Math.min(100, share))) / 100n });
          assert.ok(account.balance >= 0n, 'never more than there is');
          for (const each of running.splice(0, ends)) end(each);
          if (pass > 2000) await time.pass(pass);
        }
        for (const each of running.splice(0)) end(each);
        purses.close();
        assert.deepEqual([account.balance, account.holds.size], [balance - spent, 0]);
      }),
      { numRuns: 200 },
    );
  });
});
