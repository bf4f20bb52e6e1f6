/** What an operator does beside a running server: hands out keys and money, and looks at the books. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { issueKey, type KeyRequest } from '#server/accounts/issue-key.js';
import type { Balance, LedgerEntry } from '#server/ledger/ledger-store.js';
import { readAmount } from '#server/ledger/money.js';
import type { UsageRecord } from '#server/ledger/usage.js';
import { systemClock } from '#server/observe/clock.js';
import { type Access, openAccess } from '#server/store/open-access.js';
import type { StoreOptions } from '#server/store/open-store.js';
import { flushServer } from './running-servers.js';
import { until } from './until.js';

const AUTHOR = { actor: 'test', at: 1 };
let additions = 0;

export class Operator {
  readonly access: Access;
  readonly #dataDir: string;

  private constructor(access: Access, dataDir: string) {
    this.access = access;
    this.#dataDir = dataDir;
  }

  /** Opens the store of a server, until the test has ended. */
  static async open(context: TestContext, options: Omit<StoreOptions, 'clock'>): Promise<Operator> {
    const operator = await Operator.openUntilClosed(options);
    context.after(() => operator.access.close());
    return operator;
  }

  /** Opens the store of a server, until the caller closes its `access`. */
  static async openUntilClosed(options: Omit<StoreOptions, 'clock'>): Promise<Operator> {
    return new Operator(await openAccess({ ...options, clock: systemClock }), options.dataDir);
  }

  /** Adds an amount such as `1.50`. */
  async fund(accountId: string, amount: string, kind: 'credit' | 'grant' = 'credit'): Promise<void> {
    const addition = { kind, accountId, amount: readAmount(amount), currency: 'USD', reference: `test ${additions++}` };
    await this.access.administration.funds.addFunds(addition, AUTHOR);
  }

  /** Returns the key in plain text, with its account. */
  issueKey(request: Partial<KeyRequest> & { accountName: string }) {
    return issueKey(this.access, { name: 'test', ...request });
  }

  /** What an account can spend. */
  async balanceOf(accountId: string): Promise<Balance> {
    await flushServer(this.#dataDir);
    return this.access.ledger.balance(accountId);
  }

  /** All entries of an account, oldest first. */
  async entriesOf(accountId: string): Promise<LedgerEntry[]> {
    await flushServer(this.#dataDir);
    const entries = await this.access.administration.funds.listEntries(accountId, { limit: 1_000_000 });
    return entries.reverse();
  }

  /** All usage, oldest first. */
  async usage(): Promise<UsageRecord[]> {
    await flushServer(this.#dataDir);
    const records = [];
    for await (const record of this.access.administration.usage.readUsage({})) records.push(record);
    return records;
  }

  /** Fails unless every balance is the sum of its entries and, as soon as purses rest, no money is held any more. */
  async assertSettled(): Promise<void> {
    await flushServer(this.#dataDir);
    assert.deepEqual(await this.access.administration.funds.findImbalances(10), []);
    await until('everything that was held is released', async () => (await this.#heldByAll()) === 0n);
  }

  async #heldByAll(): Promise<bigint> {
    let held = 0n;
    for (const { account } of await this.access.administration.accounts.listAccounts({ limit: 1000 })) {
      for (const { kind, granted, toppedUp } of await this.entriesOf(account.id)) {
        if (kind === 'hold' || kind === 'release') held -= granted + toppedUp;
      }
    }
    return held;
  }
}
