/** Money and the ledger as the admin API reads and writes them. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';
import type { Added, Imbalance } from '../../ledger/funds.js';
import { ENTRY_KINDS, type LedgerEntry } from '../../ledger/ledger-store.js';
import { formatAmount } from '../../ledger/money.js';
import { writeTime } from '../input/read-time.js';
import { BalanceAnswer, describeBalance } from './account.js';
import { Amount, Currency, IsoTime, listOf, nullable } from './common.js';

/** Money to add to an account. */
export const FundsAddition = Type.Object(
  {
    amount: Type.String({ minLength: 1, maxLength: 20, description: 'an amount as a text such as "10" or "0.25"' }),
    note: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: 'a note' })),
    /** A second addition of the same reference is the first one again. */
    reference: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 128,
        pattern: '^[!-~]+$',
        description: 'letters, digits and signs without spaces',
      }),
    ),
  },
  { title: 'FundsAddition' },
);
export type FundsAddition = Static<typeof FundsAddition>;

const entry = {
  id: Type.Integer(),
  account_id: Type.String(),
  kind: Type.Enum([...ENTRY_KINDS]),
  currency: Currency,
  amount: Amount,
  granted: Amount,
  topped_up: Amount,
  reference: Type.String({ description: 'The request, or what the operator called it.' }),
  note: nullable(Type.String()),
  at: IsoTime,
};

/** An entry of the ledger; amounts below 0 were taken. */
export const EntryAnswer = Type.Object(entry, { title: 'LedgerEntry' });
export type EntryAnswer = Static<typeof EntryAnswer>;

/** What became of an addition: the entry, and the balance after it. */
export const AddedAnswer = Type.Object({ ...entry, balance: BalanceAnswer }, { title: 'AddedFunds' });
export type AddedAnswer = Static<typeof AddedAnswer>;

export const EntryList = listOf(EntryAnswer, 'LedgerEntryList');

/** Whether every balance is the sum of its entries, and which are not. */
export const CheckAnswer = Type.Object(
  {
    ok: Type.Boolean(),
    imbalances: Type.Array(
      Type.Object({ account_id: Type.String(), balance: BalanceAnswer, sum_of_entries: BalanceAnswer }),
    ),
  },
  { title: 'LedgerCheck' },
);
export type CheckAnswer = Static<typeof CheckAnswer>;

export function describeEntry(entry: LedgerEntry, currency: string): EntryAnswer {
  return {
    id: entry.id,
    account_id: entry.accountId,
    kind: entry.kind,
    currency,
    amount: formatAmount(entry.granted + entry.toppedUp),
    granted: formatAmount(entry.granted),
    topped_up: formatAmount(entry.toppedUp),
    reference: entry.reference,
    note: entry.note ?? null,
    at: writeTime(entry.at),
  };
}

export function describeAdded({ entry, balance }: Added, currency: string): AddedAnswer {
  return { ...describeEntry(entry, currency), balance: describeBalance(balance, currency) };
}

export function describeCheck(imbalances: readonly Imbalance[], currency: string): CheckAnswer {
  return {
    ok: imbalances.length === 0,
    imbalances: imbalances.map(({ accountId, balance, sumOfEntries }) => ({
      account_id: accountId,
      balance: describeBalance(balance, currency),
      sum_of_entries: describeBalance(sumOfEntries, currency),
    })),
  };
}
