/** Reports on what requests used, from an SQL table: the adapter of `ledger/usage.ts`, the same for every SQL dialect. */
import { type ExpressionBuilder, type Kysely, sql } from 'kysely';
import type { UsageFilter, UsageGroup, UsageRecord, UsageStore, UsageSum } from '../../ledger/usage.js';
import { comesAfter } from './page.js';
import type { MoneyColumn, Tables } from './schema.js';
import { toUsageRecord } from './usage-row.js';

/** Records that are in memory at a time while an export runs. */
const PAGE_RECORDS = 500;

const DAY_MS = 86_400_000;

export class SqlUsageStore implements UsageStore {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  async sumUsage(filter: UsageFilter, groups: readonly UsageGroup[], limit: number): Promise<UsageSum[]> {
    // Days are whole-number divisions, which all databases do alike; the number is part of the text, because databases
    // that see parameters do not see that the expressions are the same.
    const day = sql<number>`usage_records.at / ${sql.lit(DAY_MS)}`;
    let query = this.#database
      .selectFrom('usage_records')
      .where(matches(filter))
      .select(SUMS)
      .limit(limit)
      .$if(groups.includes('account'), (sums) =>
        sums
          .innerJoin('accounts', 'accounts.id', 'usage_records.account_id')
          .select(['accounts.id as account_id', 'accounts.name as account_name'])
          .groupBy(['accounts.id', 'accounts.name']),
      )
      .$if(groups.includes('key'), (sums) =>
        sums
          .innerJoin('api_keys', 'api_keys.id', 'usage_records.key_id')
          .select(['api_keys.id as key_id', 'api_keys.name as key_name'])
          .groupBy(['api_keys.id', 'api_keys.name']),
      )
      .$if(groups.includes('model'), (sums) =>
        sums.select('usage_records.model as model').groupBy('usage_records.model'),
      )
      .$if(groups.includes('day'), (sums) => sums.select(day.as('day')).groupBy(day));
    for (const column of groups.flatMap((group) => ORDER[group])) query = query.orderBy(sql.ref(column));
    return (await query.execute()).map(toSum);
  }

  async *readUsage(filter: UsageFilter): AsyncIterable<UsageRecord> {
    let last: UsageRecord | undefined;
    for (;;) {
      const records = await this.#readPage(filter, last);
      yield* records;
      if (records.length < PAGE_RECORDS) return;
      last = records.at(-1);
    }
  }

  async #readPage(filter: UsageFilter, last: UsageRecord | undefined): Promise<UsageRecord[]> {
    const all = this.#database.selectFrom('usage_records').selectAll().where(matches(filter));
    const rest = last === undefined ? all : all.where(comesAfter(['at', 'request_id'], [last.at, last.requestId]));
    return (await rest.orderBy('at').orderBy('request_id').limit(PAGE_RECORDS).execute()).map(toUsageRecord);
  }
}

/** The columns of a sum by which each group is ordered. */
const ORDER: Readonly<Record<UsageGroup, readonly string[]>> = {
  account: ['account_name', 'account_id'],
  key: ['key_name', 'key_id'],
  model: ['model'],
  day: ['day'],
};

/** PostgreSQL sums up 64-bit integers as decimals. */
const sumOf = (column: 'prompt_tokens' | 'cache_hit_tokens' | 'completion_tokens' | 'reasoning_tokens' | 'cost') =>
  sql<MoneyColumn>`cast(coalesce(sum(${sql.ref(`usage_records.${column}`)}), 0) as bigint)`.as(column);

const SUMS = [
  sql<number>`cast(count(*) as bigint)`.as('requests'),
  sumOf('prompt_tokens'),
  sumOf('cache_hit_tokens'),
  sumOf('completion_tokens'),
  sumOf('reasoning_tokens'),
  sumOf('cost'),
] as const;

type Records = ExpressionBuilder<Tables, 'usage_records'>;

function matches({ from, to, accountId, keyId, model }: UsageFilter) {
  return (where: Records) =>
    where.and([
      ...(from === undefined ? [] : [where('usage_records.at', '>=', from)]),
      ...(to === undefined ? [] : [where('usage_records.at', '<', to)]),
      ...(accountId === undefined ? [] : [where('usage_records.account_id', '=', accountId)]),
      ...(keyId === undefined ? [] : [where('usage_records.key_id', '=', keyId)]),
      ...(model === undefined ? [] : [where('usage_records.model', '=', model)]),
    ]);
}

interface SumRow {
  readonly account_id?: string;
  readonly account_name?: string;
  readonly key_id?: string;
  readonly key_name?: string;
  readonly model?: string;
  readonly day?: number;
  readonly requests: number;
  readonly prompt_tokens: MoneyColumn;
  readonly cache_hit_tokens: MoneyColumn;
  readonly completion_tokens: MoneyColumn;
  readonly reasoning_tokens: MoneyColumn;
  readonly cost: MoneyColumn;
}

function toSum({ account_id, account_name, key_id, key_name, model, day, ...sums }: SumRow): UsageSum {
  return {
    ...(account_id === undefined ? {} : { accountId: account_id }),
    ...(account_name === undefined ? {} : { accountName: account_name }),
    ...(key_id === undefined ? {} : { keyId: key_id }),
    ...(key_name === undefined ? {} : { keyName: key_name }),
    ...(model === undefined ? {} : { model }),
    ...(day === undefined ? {} : { day: new Date(day * DAY_MS).toISOString().slice(0, 10) }),
    requests: sums.requests,
    promptTokens: Number(sums.prompt_tokens),
    cacheHitTokens: Number(sums.cache_hit_tokens),
    completionTokens: Number(sums.completion_tokens),
    reasoningTokens: Number(sums.reasoning_tokens),
    cost: BigInt(sums.cost),
  };
}
