/** Tiers: the sets of limits that accounts have, as the configuration writes them and as the limiter needs them. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';
import { MODEL_NAME_PATTERN } from '../catalog/model-entry.js';
import type { Limits, QueueLimits, Scope } from '../limits/limiter.js';
import type { Account } from './account.js';
import type { ApiKey } from './api-key.js';

/** The highest limit of any kind: a number that every adapter counts exactly. */
export const LIMIT_MAX = 1_000_000_000_000;

const limit = Type.Optional(Type.Integer({ minimum: 0, maximum: LIMIT_MAX }));

const limitSettings = {
  /** Requests admitted in any 60 s. */
  requests_per_minute: limit,
  /** Tokens of prompts and answers in any 60 s. */
  tokens_per_minute: limit,
  /** Requests that run at the same time. */
  concurrent_requests: limit,
};

/** Limits as configuration, database and admin API write them; what is left out is not limited. */
export const LimitSettings = Type.Object(limitSettings);
export type LimitSettings = Static<typeof LimitSettings>;

/** The longest name of a tier, in characters. */
export const TIER_NAME_CHARACTERS_MAX = 64;
/** The most tiers of a configuration. */
export const TIERS_MAX = 100;

/** How many requests of an account may wait where the configuration does not say. */
const QUEUE_LENGTH = 100;

/** One tier of the configuration. */
export const TierSettings = Type.Object({
  ...limitSettings,
  /** Limits of single models, by id. A model that has some is counted apart from all others. */
  models: Type.Optional(
    Type.Record(Type.String({ pattern: MODEL_NAME_PATTERN }), LimitSettings, {
      maxProperties: 1000,
      keys: 'the ids of models',
    }),
  ),
  /** Lets requests wait for room instead of refusing them at once. */
  queue: Type.Optional(
    Type.Object({
      max_wait_s: Type.Number({ minimum: 0.001, maximum: 3600 }),
      /** How many may wait; 100 when it is left out. */
      max_length: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    }),
  ),
});
export type TierSettings = Static<typeof TierSettings>;

/** The tiers of a server that was not told otherwise. */
export function defaultTiers(): Record<string, TierSettings> {
  return {
    free: { requests_per_minute: 10, tokens_per_minute: 20_000, concurrent_requests: 2 },
    standard: { requests_per_minute: 500, tokens_per_minute: 1_000_000, concurrent_requests: 50 },
    scale: { requests_per_minute: 10_000, tokens_per_minute: 30_000_000, concurrent_requests: 500 },
    unlimited: {},
  };
}

/** The tier of accounts for which none was chosen. */
export const DEFAULT_TIER_NAME = 'standard';

/** A set of limits, ready for the limiter. */
export interface Tier {
  readonly name: string;
  /** Of all models without limits of their own, together. */
  readonly limits: Limits;
  /** Of the others, each by itself. What a model does not set is as it is in the tier. */
  readonly models: ReadonlyMap<string, Limits>;
  readonly queue?: QueueLimits | undefined;
}

/** The tiers of a server, by name. */
export class Tiers {
  readonly #byName: ReadonlyMap<string, Tier>;
  /** The tier of accounts for which none was chosen. */
  readonly defaultName: string;

  /** `defaultName` is the name of one of them. */
  constructor(settings: Readonly<Record<string, TierSettings>>, defaultName: string) {
    this.#byName = new Map(Object.entries(settings).map(([name, tier]) => [name, readTier(name, tier)]));
    this.defaultName = defaultName;
  }

  /** In the order of the configuration. */
  list(): Tier[] {
    return [...this.#byName.values()];
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** The tier of an account; undefined when the configuration no longer has it. */
  of(account: Account): Tier | undefined {
    return this.#byName.get(account.tier ?? this.defaultName);
  }
}

/**
 * Whatever a request of a key has to fit into: the limits of its account, and those of the key if it has some. `model` is
 * the id of the catalogue; without, the limits are those of models that have none of their own.
 */
export function scopesOf(tier: Tier, account: Account, key: ApiKey, model: string | undefined): Scope[] {
  const own = model === undefined ? undefined : tier.models.get(model);
  const scopes: Scope[] = [
    own === undefined
      ? { id: `account:${account.id}`, limits: tier.limits }
      : { id: `account:${account.id}:${model}`, limits: own },
  ];
  if (key.limits !== undefined) scopes.push({ id: `key:${key.id}`, limits: key.limits });
  return scopes;
}

/** What a scope is: all models of an account without limits of their own, one model of it with some, or a key. */
export const SCOPE_KINDS = ['account', 'model', 'key'] as const;
export type ScopeKind = (typeof SCOPE_KINDS)[number];

/** What kind of scope an id of `scopesOf` names. */
export function scopeKindOf(id: string): ScopeKind {
  if (id.startsWith('key:')) return 'key';
  return id.indexOf(':') === id.lastIndexOf(':') ? 'account' : 'model';
}

/** Limits from their settings. */
export function readLimits(settings: LimitSettings): Limits {
  return {
    requestsPerMinute: settings.requests_per_minute,
    tokensPerMinute: settings.tokens_per_minute,
    concurrentRequests: settings.concurrent_requests,
  };
}

/** The settings that limits are written as. */
export function writeLimits(limits: Limits): LimitSettings {
  const { requestsPerMinute, tokensPerMinute, concurrentRequests } = limits;
  return {
    ...(requestsPerMinute === undefined ? {} : { requests_per_minute: requestsPerMinute }),
    ...(tokensPerMinute === undefined ? {} : { tokens_per_minute: tokensPerMinute }),
    ...(concurrentRequests === undefined ? {} : { concurrent_requests: concurrentRequests }),
  };
}

function readTier(name: string, settings: TierSettings): Tier {
  const { queue } = settings;
  const models = Object.entries(settings.models ?? {}).map(
    ([model, own]) => [model, readLimits({ ...settings, ...own })] as const,
  );
  return {
    name,
    limits: readLimits(settings),
    models: new Map(models),
    queue: queue && { maxWaitMs: Math.round(queue.max_wait_s * 1000), maxLength: queue.max_length ?? QUEUE_LENGTH },
  };
}
