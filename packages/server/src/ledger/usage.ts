/** What requests used: one record a request, and the questions that can be asked of them. */
import type { Money } from './money.js';

/** What one request used. */
export interface UsageRecord {
  /** Also the id of its answer. */
  readonly requestId: string;
  readonly accountId: string;
  readonly keyId: string;
  /** The canonical model id. */
  readonly model: string;
  /** When it was admitted; epoch ms. */
  readonly at: number;
  readonly durationMs: number;
  readonly outcome: 'completed' | 'client_left' | 'failed';
  readonly stream: boolean;
  readonly promptTokens: number;
  /** The part of the prompt that came from the cache. */
  readonly cacheHitTokens: number;
  /** Reasoning included. */
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  /** What was charged for it. */
  readonly cost: Money;
}

/** What usage can be summed up by, in any combination. Days are those of UTC. */
export const USAGE_GROUPS = ['account', 'key', 'model', 'day'] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

/** Which records count. All times are epoch ms. */
export interface UsageFilter {
  /** From this time on. */
  readonly from?: number | undefined;
  /** Before this time. */
  readonly to?: number | undefined;
  readonly accountId?: string | undefined;
  readonly keyId?: string | undefined;
  readonly model?: string | undefined;
}

/** Sums over records that have the same account, key, model and day, as far as they were asked apart. */
export interface UsageSum {
  readonly accountId?: string;
  /** Its name today. */
  readonly accountName?: string;
  readonly keyId?: string;
  /** Its name today. */
  readonly keyName?: string;
  readonly model?: string;
  /** Such as `2026-11-25`. */
  readonly day?: string;
  readonly requests: number;
  readonly promptTokens: number;
  readonly cacheHitTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  readonly cost: Money;
}

/** What reports need of a store. Rejects with a StoreError when it fails. */
export interface UsageStore {
  /**
   * The first `limit` sums, in the order of what they were grouped by; no group is one sum over everything, also over
   * nothing.
   */
  sumUsage(filter: UsageFilter, groups: readonly UsageGroup[], limit: number): Promise<UsageSum[]>;
  /** The records themselves, oldest first, a page of them at a time, so that an export of any length fits in memory. */
  readUsage(filter: UsageFilter): AsyncIterable<UsageRecord>;
}
