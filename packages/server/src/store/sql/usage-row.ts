/** A usage record as a row, and back. */
import type { Insertable, Selectable } from 'kysely';
import type { UsageRecord } from '../../ledger/usage.js';
import type { Tables } from './schema.js';

export function toUsageRow(record: UsageRecord): Insertable<Tables['usage_records']> {
  return {
    request_id: record.requestId,
    account_id: record.accountId,
    key_id: record.keyId,
    model: record.model,
    at: record.at,
    duration_ms: record.durationMs,
    outcome: record.outcome,
    stream: record.stream ? 1 : 0,
    prompt_tokens: record.promptTokens,
    cache_hit_tokens: record.cacheHitTokens,
    completion_tokens: record.completionTokens,
    reasoning_tokens: record.reasoningTokens,
    cost: record.cost,
  };
}

export function toUsageRecord(row: Selectable<Tables['usage_records']>): UsageRecord {
  return {
    requestId: row.request_id,
    accountId: row.account_id,
    keyId: row.key_id,
    model: row.model,
    at: row.at,
    durationMs: row.duration_ms,
    outcome: row.outcome,
    stream: row.stream === 1,
    promptTokens: row.prompt_tokens,
    cacheHitTokens: row.cache_hit_tokens,
    completionTokens: row.completion_tokens,
    reasoningTokens: row.reasoning_tokens,
    cost: BigInt(row.cost),
  };
}
