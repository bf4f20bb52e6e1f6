/** Tiers: whose limits a request has to fit into. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import type { Account } from '#server/accounts/account.js';
import type { ApiKey } from '#server/accounts/api-key.js';
import {
  DEFAULT_TIER_NAME,
  defaultTiers,
  LIMIT_MAX,
  LimitSettings,
  readLimits,
  SCOPE_KINDS,
  scopeKindOf,
  scopesOf,
  TierSettings,
  Tiers,
  writeLimits,
} from '#server/accounts/tier.js';

const account: Account = { id: 'acct_1', name: 'team', createdAt: 0 };
const key: ApiKey = { id: 'key_1', accountId: 'acct_1', name: 'ci', lastFour: 'abcd', createdAt: 0 };

function tierOf(settings: TierSettings, owner = account) {
  return new Tiers({ only: settings }, 'only').of(owner)!;
}

describe('the tiers that are shipped', () => {
  test('are free, standard, scale and unlimited, from little to everything', () => {
    const tiers = new Tiers(defaultTiers(), DEFAULT_TIER_NAME).list();
    assert.deepEqual(
      tiers.map(({ name }) => name),
      ['free', 'standard', 'scale', 'unlimited'],
    );
    const [free, standard, scale, unlimited] = tiers.map(({ limits }) => limits);
    for (const kind of ['requestsPerMinute', 'tokensPerMinute', 'concurrentRequests'] as const) {
      assert.ok(free![kind]! < standard![kind]! && standard![kind]! < scale![kind]!, kind);
      assert.equal(unlimited![kind], undefined);
    }
  });

  test('can be written in a configuration as they are', () => {
    for (const settings of Object.values(defaultTiers())) assert.ok(Value.Check(TierSettings, settings));
  });

  test('are other objects each time, so that nobody changes them for others', () => {
    assert.notEqual(defaultTiers().free, defaultTiers().free);
  });
});

describe('the tier of an account', () => {
  const tiers = new Tiers({ small: { requests_per_minute: 1 }, constructor: {} }, 'small');

  test('is the default one when none was chosen', () => {
    assert.equal(tiers.of(account)?.name, 'small');
  });

  test('is the chosen one, whatever it is called', () => {
    assert.equal(tiers.of({ ...account, tier: 'constructor' })?.name, 'constructor');
  });

  test('is none when the configuration no longer has the chosen one, and not the default one', () => {
    for (const tier of ['gone', 'toString', '__proto__', '']) {
      assert.equal(tiers.of({ ...account, tier }), undefined, tier);
      assert.equal(tiers.has(tier), false, tier);
    }
  });
});

describe('the scopes of a request', () => {
  const tier = tierOf({
    requests_per_minute: 10,
    tokens_per_minute: 1000,
    concurrent_requests: 2,
    models: { reasoner: { tokens_per_minute: 50 }, 'owner/model:tag': { requests_per_minute: 0 }, same: {} },
  });

  test('are that of its account for models without limits of their own, all of them together', () => {
    const limits = { requestsPerMinute: 10, tokensPerMinute: 1000, concurrentRequests: 2 };
    for (const model of ['chat', 'other', 'constructor', undefined]) {
      assert.deepEqual(scopesOf(tier, account, key, model), [{ id: 'account:acct_1', limits }], model);
    }
  });

  test('are one of its own for a model with limits, which takes from the tier what it does not set', () => {
    assert.deepEqual(scopesOf(tier, account, key, 'reasoner'), [
      {
        id: 'account:acct_1:reasoner',
        limits: { requestsPerMinute: 10, tokensPerMinute: 50, concurrentRequests: 2 },
      },
    ]);
    assert.equal(scopesOf(tier, account, key, 'owner/model:tag')[0]!.limits.requestsPerMinute, 0);
    assert.equal(scopesOf(tier, account, key, 'same')[0]!.id, 'account:acct_1:same');
  });

  test('are that of the key too when it has limits, over all models', () => {
    const limits = { tokensPerMinute: 5 };
    for (const model of ['chat', 'reasoner']) {
      const scopes = scopesOf(tier, account, { ...key, limits }, model);
      assert.equal(scopes.length, 2);
      assert.deepEqual(scopes[1], { id: 'key:key_1', limits });
    }
  });

  test('limit nothing in a tier without limits', () => {
    assert.deepEqual(scopesOf(tierOf({}), account, key, 'chat'), [
      {
        id: 'account:acct_1',
        limits: { requestsPerMinute: undefined, tokensPerMinute: undefined, concurrentRequests: undefined },
      },
    ]);
  });

  test('have ids that no two accounts, models or keys share', () => {
    const ids = ['a', 'b'].flatMap((id) =>
      ['chat', 'reasoner', 'owner/model:tag'].flatMap((model) =>
        scopesOf(tier, { ...account, id }, { ...key, id: `key_${id}`, limits: {} }, model).map((scope) => scope.id),
      ),
    );
    assert.equal(new Set(ids).size, 2 * (1 + 2 + 1));
  });

  test('tell by their ids what they are', () => {
    const keyed = { ...key, limits: {} };
    const kinds = ['chat', 'reasoner', 'owner/model:tag'].map((model) =>
      scopesOf(tier, account, keyed, model).map(({ id }) => scopeKindOf(id)),
    );
    assert.deepEqual(kinds, [
      ['account', 'key'],
      ['model', 'key'],
      ['model', 'key'],
    ]);
    assert.deepEqual(SCOPE_KINDS, ['account', 'model', 'key']);
  });
});

describe('the queue of a tier', () => {
  test('is none unless the tier has one', () => {
    assert.equal(tierOf({}).queue, undefined);
  });

  test('waits whole milliseconds, with a hundred others unless it says otherwise', () => {
    assert.deepEqual(tierOf({ queue: { max_wait_s: 1.1 } }).queue, { maxWaitMs: 1100, maxLength: 100 });
    assert.deepEqual(tierOf({ queue: { max_wait_s: 0.001, max_length: 3 } }).queue, { maxWaitMs: 1, maxLength: 3 });
  });
});

test('limits are what they were when they are written and read again', () => {
  const limit = fc.option(fc.integer({ min: 0, max: LIMIT_MAX }), { nil: undefined });
  const limits = fc.record({ requestsPerMinute: limit, tokensPerMinute: limit, concurrentRequests: limit });
  fc.assert(
    fc.property(limits, (each) => {
      const written = writeLimits(each);
      assert.ok(Value.Check(LimitSettings, written));
      assert.deepEqual(readLimits(JSON.parse(JSON.stringify(written))), { ...each });
    }),
  );
});
