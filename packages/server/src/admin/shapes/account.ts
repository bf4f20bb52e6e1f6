/** Accounts as the admin API reads and writes them. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';
import type { FundedAccount } from '../../accounts/account-store.js';
import type { Balance } from '../../ledger/ledger-store.js';
import { formatAmount } from '../../ledger/money.js';
import { writeTime } from '../input/read-time.js';
import { Amount, Currency, IsoTime, listOf, Name, nullable, TierName } from './common.js';

/** A new account. */
export const AccountCreation = Type.Object(
  {
    name: Name,
    /** Null or absent: whichever tier is the default one. */
    tier: Type.Optional(nullable(TierName)),
  },
  { title: 'AccountCreation' },
);
export type AccountCreation = Static<typeof AccountCreation>;

/** What changes of an account; what is left out stays as it is. */
export const AccountChange = Type.Object(
  { name: Type.Optional(Name), tier: Type.Optional(nullable(TierName)) },
  { title: 'AccountChange' },
);
export type AccountChange = Static<typeof AccountChange>;

/** What an account can spend, holds taken off. */
export const BalanceAnswer = Type.Object(
  { currency: Currency, total: Amount, granted: Amount, topped_up: Amount },
  { title: 'Balance' },
);
export type BalanceAnswer = Static<typeof BalanceAnswer>;

/** An account. */
export const AccountAnswer = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    tier: Type.Union([Type.String(), Type.Null()], { description: 'Null: the default tier.' }),
    created_at: IsoTime,
    balance: BalanceAnswer,
  },
  { title: 'Account' },
);
export type AccountAnswer = Static<typeof AccountAnswer>;

export const AccountList = listOf(AccountAnswer, 'AccountList');

export function describeAccount({ account, balance }: FundedAccount, currency: string): AccountAnswer {
  const { id, name, tier = null, createdAt } = account;
  return { id, name, tier, created_at: writeTime(createdAt), balance: describeBalance(balance, currency) };
}

export function describeBalance({ granted, toppedUp }: Balance, currency: string): BalanceAnswer {
  return {
    currency,
    total: formatAmount(granted + toppedUp),
    granted: formatAmount(granted),
    topped_up: formatAmount(toppedUp),
  };
}
