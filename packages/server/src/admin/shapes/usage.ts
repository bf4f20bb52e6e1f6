/** Usage as the admin API is asked for it and writes it. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';
import { formatAmount } from '../../ledger/money.js';
import type { UsageRecord, UsageSum } from '../../ledger/usage.js';
import { writeTime } from '../input/read-time.js';
import { AccountReference, Amount, Currency, IsoTime, listOf, ModelName, TimeText } from './common.js';

const filter = {
  from: Type.Optional(TimeText),
  /** Records before this time. */
  to: Type.Optional(TimeText),
  account: Type.Optional(AccountReference),
  key: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'the id of a key' })),
  model: Type.Optional(ModelName),
};

/** Which records count. */
export const UsageFilterQuery = Type.Object(filter, { title: 'UsageFilterQuery' });
export type UsageFilterQuery = Static<typeof UsageFilterQuery>;

/** Which sums are asked for, and how they are written. */
export const UsageQuery = Type.Object(
  {
    group_by: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: 'a list such as account,model of account, key, model, day',
      }),
    ),
    ...filter,
    format: Type.Optional(Type.Enum(['json', 'csv', 'jsonl'])),
  },
  { title: 'UsageQuery' },
);
export type UsageQuery = Static<typeof UsageQuery>;

/** Which records are exported, and how they are written. */
export const RecordsQuery = Type.Object(
  { ...filter, format: Type.Optional(Type.Enum(['csv', 'jsonl'])) },
  { title: 'RecordsQuery' },
);
export type RecordsQuery = Static<typeof RecordsQuery>;

const tokens = {
  prompt_tokens: Type.Integer(),
  cache_hit_tokens: Type.Integer(),
  completion_tokens: Type.Integer(),
  reasoning_tokens: Type.Integer(),
};

/** A sum; what was not asked apart is left out. */
export const UsageAnswer = Type.Object(
  {
    account_id: Type.Optional(Type.String()),
    account: Type.Optional(Type.String()),
    key_id: Type.Optional(Type.String()),
    key: Type.Optional(Type.String({ description: 'The name of the key.' })),
    model: Type.Optional(Type.String()),
    day: Type.Optional(Type.String({ description: 'A day of UTC such as 2026-11-25.' })),
    requests: Type.Integer(),
    ...tokens,
    cost: Amount,
    currency: Currency,
  },
  { title: 'UsageSum' },
);
export type UsageAnswer = Static<typeof UsageAnswer>;

export const UsageList = listOf(UsageAnswer, 'UsageList');

/** What one request used. */
export const RecordAnswer = Type.Object(
  {
    request_id: Type.String(),
    at: IsoTime,
    account_id: Type.String(),
    key_id: Type.String(),
    model: Type.String(),
    outcome: Type.Enum(['completed', 'client_left', 'failed']),
    stream: Type.Boolean(),
    duration_ms: Type.Integer(),
    ...tokens,
    cost: Amount,
    currency: Currency,
  },
  { title: 'UsageRecord' },
);
export type RecordAnswer = Static<typeof RecordAnswer>;

export function describeUsage(sum: UsageSum, currency: string): UsageAnswer {
  const { accountId, accountName, keyId, keyName, model, day } = sum;
  return {
    ...(accountId === undefined ? {} : { account_id: accountId }),
    ...(accountName === undefined ? {} : { account: accountName }),
    ...(keyId === undefined ? {} : { key_id: keyId }),
    ...(keyName === undefined ? {} : { key: keyName }),
    ...(model === undefined ? {} : { model }),
    ...(day === undefined ? {} : { day }),
    requests: sum.requests,
    ...describeTokens(sum),
    cost: formatAmount(sum.cost),
    currency,
  };
}

export function describeRecord(record: UsageRecord, currency: string): RecordAnswer {
  return {
    request_id: record.requestId,
    at: writeTime(record.at),
    account_id: record.accountId,
    key_id: record.keyId,
    model: record.model,
    outcome: record.outcome,
    stream: record.stream,
    duration_ms: record.durationMs,
    ...describeTokens(record),
    cost: formatAmount(record.cost),
    currency,
  };
}

type Tokens = Pick<UsageRecord, 'promptTokens' | 'cacheHitTokens' | 'completionTokens' | 'reasoningTokens'>;

function describeTokens({ promptTokens, cacheHitTokens, completionTokens, reasoningTokens }: Tokens) {
  return {
    prompt_tokens: promptTokens,
    cache_hit_tokens: cacheHitTokens,
    completion_tokens: completionTokens,
    reasoning_tokens: reasoningTokens,
  };
}
