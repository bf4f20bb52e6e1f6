/** The settings of tiers, prices, peak hours, database and shared limits. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { defaultTiers, TIERS_MAX } from '#server/accounts/tier.js';
import { readSettings } from '#server/config/read-settings.js';
import { settingsSchema } from '#server/config/settings.js';
import { load, problemsOf } from './support/load.js';

const TIER_NAMES = 'names of up to 64 letters, digits and . _ - that start with a letter or a digit';

describe('tiers', () => {
  test('have free names, and stand beside those that are shipped', async (context) => {
    const file = 'tiers:\n  team-a.v2: { tokens_per_minute: 5 }\n  2nd_team:\n    concurrent_requests: 1\n';
    assert.deepEqual((await load(context, { file })).config.tiers, {
      ...defaultTiers(),
      'team-a.v2': { tokens_per_minute: 5 },
      '2nd_team': { concurrent_requests: 1 },
    });
  });

  test('replace the shipped one of the same name as a whole, so that what is left out is not limited', async (context) => {
    const { tiers } = (await load(context, { file: 'tiers: { free: { requests_per_minute: 3 } }' })).config;
    assert.deepEqual(tiers.free, { requests_per_minute: 3 });
    assert.deepEqual(tiers.standard, defaultTiers().standard);
  });

  test('have limits of single models, and a queue', async (context) => {
    const file =
      'tiers:\n  own:\n    models:\n      deepseek-reasoner: { tokens_per_minute: 0 }\n    queue: { max_wait_s: 0.5, max_length: 7 }\n';
    assert.deepEqual((await load(context, { file })).config.tiers.own, {
      models: { 'deepseek-reasoner': { tokens_per_minute: 0 } },
      queue: { max_wait_s: 0.5, max_length: 7 },
    });
  });

  test('can be as many as a hundred beside the shipped ones, and no more', async (context) => {
    const file = (count: number) =>
      `tiers:\n${Array.from({ length: count }, (_, index) => `  t${index}: {}\n`).join('')}`;
    assert.equal(Object.keys((await load(context, { file: file(TIERS_MAX) })).config.tiers).length, TIERS_MAX + 4);
    assert.deepEqual(await problemsOf(context, { file: file(TIERS_MAX + 1) }), [
      '`tiers` must be a group of at most 100 keys, not a group of 101 keys, at plumb.yaml:2:3',
    ]);
  });

  test('can be called like something that every object has', async (context) => {
    const { config } = await load(context, { file: 'tiers: { constructor: {} }\ndefault_tier: constructor' });
    assert.equal(config.default_tier, 'constructor');
  });
});

describe('failure no. 14: a misspelt limit never means no limit', () => {
  const cases: [string, string, string][] = [
    [
      'in a tier',
      'tiers:\n  free:\n    request_per_minute: 5',
      'unknown key `tiers.free.request_per_minute` at plumb.yaml:3:5; did you mean `tiers.free.requests_per_minute`?',
    ],
    [
      'as others call it',
      'tiers: { free: { tokens-per-min: 5 } }',
      'unknown key `tiers.free.tokens-per-min` at plumb.yaml:1:18; did you mean `tiers.free.tokens_per_minute`?',
    ],
    ['as an abbreviation', 'tiers: { free: { rpm: 5 } }', 'unknown key `tiers.free.rpm` at plumb.yaml:1:18'],
    [
      'of a model',
      'tiers:\n  free:\n    models:\n      deepseek-chat: { tokens_per_minutes: 5 }',
      'unknown key `tiers.free.models.deepseek-chat.tokens_per_minutes` at plumb.yaml:4:24; did you mean `tiers.free.models.deepseek-chat.tokens_per_minute`?',
    ],
    [
      'outside of any tier',
      'requests_per_minute: 5',
      'unknown key `requests_per_minute` at plumb.yaml:1:1; did you mean `tiers.<name>.requests_per_minute`?',
    ],
    [
      'that is no number',
      'tiers: { free: { requests_per_minute: "5" } }',
      '`tiers.free.requests_per_minute` must be an integer from 0 to 1000000000000, not "5", at plumb.yaml:1:39',
    ],
    [
      'that is below 0',
      'tiers: { free: { requests_per_minute: -1 } }',
      '`tiers.free.requests_per_minute` must be an integer from 0 to 1000000000000, not -1, at plumb.yaml:1:39',
    ],
    [
      'that is empty',
      'tiers: { free: { requests_per_minute: } }',
      '`tiers.free.requests_per_minute` must be an integer from 0 to 1000000000000, not nothing, at plumb.yaml:1:39',
    ],
    [
      'in a tier with a bad name',
      'tiers: { "my tier": { requests_per_minute: 5 } }',
      `unknown key \`tiers.my tier\` at plumb.yaml:1:10; its keys are ${TIER_NAMES}`,
    ],
    [
      'in a tier with a name that is too long',
      `tiers: { ${'t'.repeat(65)}: { requests_per_minute: 5 } }`,
      `unknown key \`tiers.${'t'.repeat(40)}…\` at plumb.yaml:1:10; its keys are ${TIER_NAMES}`,
    ],
    [
      'in a tier that would be no own key of an object',
      'tiers: { __proto__: { requests_per_minute: 5 } }',
      `unknown key \`tiers.__proto__\` at plumb.yaml:1:10; its keys are ${TIER_NAMES}`,
    ],
    [
      'of a model that would be no own key of an object',
      'tiers: { free: { models: { __proto__: { requests_per_minute: 5 } } } }',
      'unknown key `tiers.free.models.__proto__` at plumb.yaml:1:28; its keys are the ids of models',
    ],
    [
      'of a tier that is no group',
      'tiers: { free: 5 }',
      '`tiers.free` must be a group of keys, not 5, at plumb.yaml:1:16',
    ],
    [
      'of a model that the catalogue does not have',
      'tiers: { free: { models: { deepseek-caht: { requests_per_minute: 5 } } } }',
      '`tiers.free.models` names `deepseek-caht`, which is the id of no model; did you mean `deepseek-chat`?',
    ],
    [
      'of a model that is like none',
      'models: [{ id: a }]\ntiers: { free: { models: { gpt: {} } } }',
      '`tiers.free.models` names `gpt`, which is the id of no model (a)',
    ],
    [
      'of an alias',
      'tiers: { free: { models: { deepseek-v4-pro: {} } } }',
      '`tiers.free.models` names `deepseek-v4-pro`, which is an alias: name `deepseek-reasoner`, whose limits it shares',
    ],
    [
      'in a tier that is misspelt where it is named',
      'tiers: { trial: {} }\ndefault_tier: trail',
      '`default_tier` is `trail`, which is the name of no tier; did you mean `trial`?',
    ],
    [
      'in a tier that is named and does not exist',
      'default_tier: platinum-plus',
      '`default_tier` is `platinum-plus`, which is the name of no tier (free, standard, scale, unlimited)',
    ],
  ];
  for (const [name, file, problem] of cases) {
    test(name, async (context) => assert.deepEqual(await problemsOf(context, { file }), [problem]));
  }

  test('of a queue', async (context) => {
    assert.deepEqual(await problemsOf(context, { file: 'tiers: { free: { queue: { max_wait: 5 } } }' }), [
      '`tiers.free.queue.max_wait_s` is missing at plumb.yaml:1:25',
      'unknown key `tiers.free.queue.max_wait` at plumb.yaml:1:27; did you mean `tiers.free.queue.max_wait_s`?',
    ]);
  });
});

describe('prices', () => {
  const price = (rates: string) => `models: [{ id: a, price: { ${rates} } }]`;

  test('are as exact as they are written, up to nine decimal places', async (context) => {
    const rates = 'input_cache_hit: 0.000000001, input_cache_miss: 999999.999999999, output: 1000000';
    assert.deepEqual((await load(context, { file: price(rates) })).config.models[0]?.price, {
      input_cache_hit: 0.000000001,
      input_cache_miss: 999999.999999999,
      output: 1_000_000,
    });
  });

  test('with more decimal places are refused, which would be rounded, perhaps to nothing', async (context) => {
    const peak = 'peak: { input_cache_hit: 0.1, input_cache_miss: 0.1, output: 0.1234567891 }';
    const rates = `input_cache_hit: 0.0000000001, input_cache_miss: 0.28, output: 1, ${peak}`;
    assert.deepEqual(await problemsOf(context, { file: price(rates) }), [
      '`models[0].price.input_cache_hit` has more than nine decimal places, which cannot be charged exactly',
      '`models[0].price.peak.output` has more than nine decimal places, which cannot be charged exactly',
    ]);
  });

  test('are whole: each of the three must be there', async (context) => {
    assert.deepEqual(await problemsOf(context, { file: price('input_cache_hit: 1, output: 2') }), [
      '`models[0].price.input_cache_miss` is missing at plumb.yaml:1:26',
    ]);
  });

  test('are not negative and not beyond a million', async (context) => {
    for (const rate of ['-0.1', '1000000.1', '.inf', '.nan', '"1"']) {
      const file = price(`input_cache_hit: ${rate}, input_cache_miss: 1, output: 1`);
      const [problem, ...rest] = await problemsOf(context, { file });
      assert.match(problem!, /^`models\[0\]\.price\.input_cache_hit` must be a number from 0 to 1000000, not /);
      assert.deepEqual(rest, []);
    }
  });

  test('are in a currency of three capital letters', async (context) => {
    assert.equal((await load(context, { file: 'billing: { currency: CNY }' })).config.billing.currency, 'CNY');
    const [problem] = await problemsOf(context, { file: 'billing: { currency: yuan }' });
    assert.match(problem!, /^`billing\.currency` must be a currency of three capital letters .*, not "yuan"/);
  });
});

describe('peak hours', () => {
  const peak = (settings: string) => ({ file: `billing: { peak: { ${settings} } }` });

  test('are spans and days, quoted or not', async (context) => {
    const { config } = await load(
      context,
      peak('hours: [01:00-04:00, "22:30-24:00"], days: [sat], except: [2026-10-01]'),
    );
    assert.deepEqual(config.billing.peak, {
      hours: ['01:00-04:00', '22:30-24:00'],
      days: ['sat'],
      except: ['2026-10-01'],
    });
  });

  const wrong: [string, RegExp][] = [
    ['hours: ["1:00-4:00"]', /^`billing\.peak\.hours\[0\]` must be a span such as 01:00-04:00 .*, not "1:00-4:00"/],
    ['hours: [01:00]', /^`billing\.peak\.hours\[0\]` must be a span/],
    ['hours: 01:00-04:00', /^`billing\.peak\.hours` must be a list of 0 to 48 entries, not "01:00-04:00"/],
    ['days: [monday]', /^`billing\.peak\.days\[0\]` must be `sun`, .*, not "monday"/],
    ['except: [2026-13-01]', /^`billing\.peak\.except\[0\]` must be a day such as 2026-10-01 .*, not "2026-13-01"/],
    ['hours: [04:00-01:00]', /^`billing\.peak`: `04:00-01:00` ends before it begins; past midnight write two spans/],
    ['except: [2026-02-30]', /^`billing\.peak`: `2026-02-30` is a day that no calendar has$/],
  ];
  for (const [settings, message] of wrong) {
    test(`are not ${settings}`, async (context) => {
      const [problem, ...rest] = await problemsOf(context, peak(settings));
      assert.match(problem!, message);
      assert.deepEqual(rest, []);
    });
  }
});

describe('addresses with passwords', () => {
  test('come from the file, or from the environment, which goes before it', async (context) => {
    const file =
      'database: { url: "postgres://file@host/db", connections: 3 }\nshared_limits: { redis_url: "redis://file" }';
    const fromFile = (await load(context, { file })).config;
    assert.equal(fromFile.database.url, 'postgres://file@host/db');
    assert.equal(fromFile.shared_limits.redis_url, 'redis://file');
    const environment = { PLUMB_DATABASE_URL: 'postgresql://env@host/db', PLUMB_REDIS_URL: 'unix:///run/redis.sock' };
    const fromEnvironment = (await load(context, { file, environment })).config;
    assert.deepEqual(fromEnvironment.database, { url: 'postgresql://env@host/db', connections: 3 });
    assert.equal(fromEnvironment.shared_limits.redis_url, 'unix:///run/redis.sock');
    assert.equal((await load(context, { environment })).config.database.connections, 10);
  });

  const cases: [string, string, RegExp][] = [
    [
      'of a wrong kind',
      'database: { url: "mysql://me:s3cr3t@host/db" }',
      /^`database\.url` must be an address such as postgres:\/\/user@host\/database .*, not what it is, at/,
    ],
    [
      'in a list',
      'shared_limits: { redis_url: ["redis://:s3cr3t@host"] }',
      /^`shared_limits\.redis_url` must be an add/,
    ],
    ['in the place of its group', 'database: postgres://me:s3cr3t@host/db', /^`database` must be a group of keys/],
    ['without its key', 'shared_limits:\n  redis://:s3cr3t@host\n', /^`shared_limits` must be a group of keys/],
    ['as a key', 'shared_limits: { "redis://:s3cr3t@host": x }', /^unknown key `shared_limits\.redis:\/\/…`/],
    ['as a key of nothing', '"redis://:s3cr3t@host": x', /^unknown key `redis:\/\/…`/],
    [
      'in the place of another setting',
      'host: redis://:s3cr3t@host',
      /^`host` must be a host or address .* "redis:\/\/…"/,
    ],
    ['that is cut in a message', `host: redis://:s3cr3t${'x'.repeat(50)}@host`, /^`host` must be .* "redis:\/\/…"/],
    ['as a tag', 'host: !redis://:s3cr3t@host x', /^not valid YAML: Unresolved tag at/],
    [
      'as a tag without a suffix',
      'shared_limits: {!redis://:s3cr3t@host! }',
      /^not valid YAML: The tag has no suffix at/,
    ],
    ['as a whole tag', 'host: !<!redis://:s3cr3t@host> x', /^not valid YAML: Unresolved tag at/],
    ['as an escape', 'host: "\\s3cr3t"', /^not valid YAML: Invalid escape sequence at/],
    ['as an alias', 'host: *redis://:s3cr3t@host', /^`host` must be a host or address .*, not nothing/],
    ['behind a block', 'host: |s3cr3t\n  x', /^not valid YAML: Block scalar header includes extra characters at/],
  ];
  for (const [name, file, message] of cases) {
    test(`are not repeated ${name}`, async (context) => {
      const problems = await problemsOf(context, { file });
      assert.ok(
        problems.some((problem) => message.test(problem)),
        problems.join('\n'),
      );
      assert.doesNotMatch(problems.join(), /s3cr3t/);
    });
  }

  test('are not repeated when they come from the environment', async (context) => {
    const environment = {
      PLUMB_DATABASE_URL: 'mysql://me:s3cr3t@host/db',
      PLUMB_REDIS_URL: 'http://:s3cr3t@host',
      PLUMB_HOST: 'redis://:s3cr3t@host',
    };
    const problems = await problemsOf(context, { environment });
    assert.deepEqual(
      problems.map((problem) => problem.split(' ')[0]),
      ['PLUMB_HOST', 'PLUMB_DATABASE_URL', 'PLUMB_REDIS_URL'],
    );
    assert.doesNotMatch(problems.join(), /s3cr3t/);
  });

  test('are not repeated however the file is spoilt around them', () => {
    const address = 'redis://:s3cr3t@host:1';
    const parts = ['port: 1\ndatabase:\n  url: "', '"\nshared_limits: { redis_url: ', ' }\nhost: a\n'];
    const edit = fc.record({
      part: fc.nat({ max: parts.length - 1 }),
      at: fc.nat({ max: 30 }),
      remove: fc.nat({ max: 12 }),
      insert: fc.string({ maxLength: 3, unit: fc.constantFrom(...'"\'\n :{}[]-#&*!|>%@`,x') }),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
        const spoilt = [...parts];
        for (const { part, at, remove, insert } of edits) {
          const text = spoilt[part]!;
          spoilt[part] = text.slice(0, at) + insert + text.slice(at + remove);
        }
        const { problems } = readSettings(spoilt.join(address), 'plumb.yaml', settingsSchema(2));
        assert.doesNotMatch(problems.join('\n'), /s3cr3t/, spoilt.join(address));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('shared limits, the database and the admin API', () => {
  const wrong: [string, string][] = [
    [
      'shared_limits: { on_lost: allow }',
      '`shared_limits.on_lost` must be `refuse` or `share`, not "allow", at plumb.yaml:1:27',
    ],
    [
      'shared_limits: { servers: 0 }',
      '`shared_limits.servers` must be an integer from 1 to 10000, not 0, at plumb.yaml:1:27',
    ],
    [
      'shared_limits: { redis-uri: "redis://host" }',
      'unknown key `shared_limits.redis-uri` at plumb.yaml:1:18; did you mean `shared_limits.redis_url`?',
    ],
    [
      'database: { connections: 1 }',
      '`database.connections` must be an integer from 2 to 1000, not 1, at plumb.yaml:1:26',
    ],
    [
      'admin: { enabled: true }',
      '`admin.enabled` must be `loopback`, `always` or `never`, not true, at plumb.yaml:1:19',
    ],
  ];
  for (const [file, problem] of wrong) {
    test(`are not ${file}`, async (context) => assert.deepEqual(await problemsOf(context, { file }), [problem]));
  }
});
