import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CONFIG_FILE_BYTES_MAX, loadConfig } from '#server/config/load-config.js';
import { temporaryFolder } from '../store/helpers/temporary-folder.js';
import { load, problemsOf } from './support/load.js';

describe('a configuration without a file', () => {
  test('has the documented defaults', async (context) => {
    const { config, currentDir } = await load(context, {});
    assert.deepEqual(config, {
      data_dir: join(currentDir, '.plumb'),
      host: '127.0.0.1',
      port: 8080,
      workers: 1,
      models: [
        { id: 'deepseek-chat', aliases: [], pool: 'embedded', thinking: 'disabled', owned_by: 'deepseek' },
        {
          id: 'deepseek-reasoner',
          aliases: ['deepseek-flash', 'deepseek-v4-flash', 'deepseek-v4-pro'],
          pool: 'embedded',
          thinking: 'enabled',
          owned_by: 'deepseek',
        },
      ],
      pools: {},
      contract: 'lenient',
      strict_models: false,
      tiers: {
        free: { requests_per_minute: 10, tokens_per_minute: 20_000, concurrent_requests: 2 },
        standard: { requests_per_minute: 500, tokens_per_minute: 1_000_000, concurrent_requests: 50 },
        scale: { requests_per_minute: 10_000, tokens_per_minute: 30_000_000, concurrent_requests: 500 },
        unlimited: {},
      },
      default_tier: 'standard',
      billing: {
        currency: 'USD',
        require_balance: true,
        wait_for_disk: false,
        peak: { hours: [], days: ['mon', 'tue', 'wed', 'thu', 'fri'], except: [] },
      },
      database: { connections: 10 },
      shared_limits: { on_lost: 'refuse', servers: 1, timeout_s: 1 },
      idempotency: { retention_s: 86_400, answer_limit_bytes: 16_777_216 },
      faults: { allow_header: false, rules: {} },
      admin: { enabled: 'loopback' },
      engine: {
        context_tokens: 8192,
        sequences: 4,
        threads: 3,
        prefill_tokens: 128,
        thinking_tokens: 256,
        gpu_layers: 0,
        cache_on_disk: false,
        cache_disk_bytes: 1024 ** 3,
      },
      embeddings: { context_tokens: 2048 },
      simulate: {
        ...{ enabled: false, preset: 'default', time_scale: 1, text: 'lorem', seed: 0, latency: {} },
        ...{ answer_tokens: 120, reasoning_tokens: 160, context_tokens: 131_072, cache_tokens: 4_194_304 },
        embedding_dimensions: 1024,
      },
      http: {
        body_limit_bytes: 50_331_648,
        header_timeout_s: 30,
        body_timeout_s: 300,
        idle_timeout_s: 75,
        keep_alive_interval_s: 10,
        start_timeout_s: 600,
        drain_timeout_s: 30,
        error_format: 'envelope',
      },
      log: { level: 'info' },
    });
  });

  test('uses one thread on a machine with one core', async (context) => {
    assert.equal((await load(context, { cores: 1 })).config.engine.threads, 1);
  });
});

describe('the precedence', () => {
  const file = 'host: 10.0.0.1\nport: 1001\nmodel: file.gguf\nlog: { level: warn }\n';

  test('puts the file over the defaults', async (context) => {
    const { config } = await load(context, { file });
    assert.deepEqual(
      [config.host, config.port, config.model, config.log.level],
      ['10.0.0.1', 1001, 'file.gguf', 'warn'],
    );
  });

  test('puts the environment over the file', async (context) => {
    const environment = { PLUMB_HOST: '10.0.0.2', PORT: '1002', PLUMB_MODEL: 'env.gguf', PLUMB_LOG_LEVEL: 'error' };
    const { config } = await load(context, { file, environment });
    assert.deepEqual(
      [config.host, config.port, config.model, config.log.level],
      ['10.0.0.2', 1002, 'env.gguf', 'error'],
    );
  });

  test('puts flags over the environment', async (context) => {
    const environment = { PLUMB_HOST: '10.0.0.2', PORT: '1002', PLUMB_MODEL: 'env.gguf', PLUMB_LOG_LEVEL: 'error' };
    const flags = { host: '0.0.0.0', port: '0', model: 'flag.gguf', logLevel: 'debug' };
    const { config } = await load(context, { file, environment, flags });
    assert.deepEqual([config.host, config.port, config.model, config.log.level], ['0.0.0.0', 0, 'flag.gguf', 'debug']);
  });

  test('counts an empty variable as not given', async (context) => {
    assert.equal((await load(context, { file, environment: { PORT: '', PLUMB_MODEL: '' } })).config.port, 1001);
  });

  test('leaves the other keys of a group as the file has them', async (context) => {
    const { config } = await load(context, { file: 'http:\n  keep_alive_interval_s: 0.5\n' });
    assert.equal(config.http.keep_alive_interval_s, 0.5);
    assert.equal(config.http.start_timeout_s, 600);
  });
});

describe('the data folder and the configuration file', () => {
  test('are found as plumb.yaml in the data folder that a flag or a variable names', async (context) => {
    const currentDir = await temporaryFolder(context);
    for (const [name, port] of [
      ['one', 1001],
      ['two', 1002],
      ['.plumb', 1003],
    ] as const) {
      await mkdir(join(currentDir, name));
      await writeFile(join(currentDir, name, 'plumb.yaml'), `port: ${port}`);
    }
    const rest = { currentDir, cores: 2 };
    const byDefault = await loadConfig({ flags: {}, environment: {}, ...rest });
    const byVariable = await loadConfig({ flags: {}, environment: { PLUMB_DATA_DIR: 'one' }, ...rest });
    const byFlag = await loadConfig({ flags: { dataDir: 'two' }, environment: { PLUMB_DATA_DIR: 'one' }, ...rest });
    assert.deepEqual([byDefault.port, byVariable.port, byFlag.port], [1003, 1001, 1002]);
    assert.equal(byFlag.data_dir, join(currentDir, 'two'));
    assert.equal(byFlag.config_file, join(currentDir, 'two', 'plumb.yaml'));
  });

  test('can be named apart from each other', async (context) => {
    const { config, currentDir } = await load(context, { file: 'port: 1', environment: { PLUMB_DATA_DIR: 'data' } });
    assert.equal(config.data_dir, join(currentDir, 'data'));
    assert.equal(config.config_file, join(currentDir, 'plumb.yaml'));
    const other = join(currentDir, 'plumb.yaml');
    const byVariable = await load(context, { environment: { PLUMB_CONFIG: other } });
    assert.equal(byVariable.config.port, 1);
  });

  test('must exist when the file was named', async (context) => {
    const [problem] = await problemsOf(context, { flags: { config: 'missing.yaml' } });
    assert.match(problem!, /^the configuration file .*missing\.yaml does not exist$/);
  });

  test('cannot be a folder', async (context) => {
    const [problem] = await problemsOf(context, { flags: { config: '.' } });
    assert.match(problem!, /cannot be read: EISDIR/);
  });

  test('may be empty, or have empty groups', async (context) => {
    for (const file of ['', '# nothing\n', '---\n', 'http:\nengine: {}\n', 'null']) {
      assert.equal((await load(context, { file })).config.http.drain_timeout_s, 30);
    }
  });
});

describe('an unknown key', () => {
  const cases: [string, string, string][] = [
    [
      'is told with its place and the nearest right one',
      'port: 1\n\nmodles: []',
      'unknown key `modles` at plumb.yaml:3:1; did you mean `models`?',
    ],
    [
      'is told with its path inside a group',
      'http:\n  body-limit-bytes: 5000',
      'unknown key `http.body-limit-bytes` at plumb.yaml:2:3; did you mean `http.body_limit_bytes`?',
    ],
    [
      'is told with its path inside a list',
      'models:\n  - id: a\n    alias: [b]',
      'unknown key `models[0].alias` at plumb.yaml:3:5; did you mean `models[0].aliases`?',
    ],
    [
      'is told with the group that it belongs to',
      'context_tokens: 4096',
      'unknown key `context_tokens` at plumb.yaml:1:1; did you mean `engine.context_tokens`?',
    ],
    [
      'is told without a suggestion when nothing is near',
      'wallpaper: blue',
      'unknown key `wallpaper` at plumb.yaml:1:1',
    ],
    ['may be a number', '8080: yes', 'unknown key `8080` at plumb.yaml:1:1'],
    [
      'may be called like something that every object has',
      'constructor: 1\n',
      'unknown key `constructor` at plumb.yaml:1:1; did you mean `contract`?',
    ],
    ['is cut when it is long', `${'x'.repeat(99)}: 1`, `unknown key \`${'x'.repeat(40)}…\` at plumb.yaml:1:1`],
  ];
  for (const [name, file, problem] of cases) {
    test(name, async (context) => assert.deepEqual(await problemsOf(context, { file }), [problem]));
  }
});

describe('a wrong value', () => {
  const cases: [string, string, string][] = [
    ['of a number', 'port: abc', '`port` must be an integer from 0 to 65535, not "abc", at plumb.yaml:1:7'],
    [
      'that is a number in quotes',
      'port: "80"',
      '`port` must be an integer from 0 to 65535, not "80", at plumb.yaml:1:7',
    ],
    ['that is too large', 'port: 65536', '`port` must be an integer from 0 to 65535, not 65536, at plumb.yaml:1:7'],
    [
      'that is not whole',
      'engine:\n  threads: 1.5',
      '`engine.threads` must be an integer from 1 to 1024, not 1.5, at plumb.yaml:2:12',
    ],
    [
      'of a duration',
      'http: { drain_timeout_s: 0 }',
      '`http.drain_timeout_s` must be a number from 0.001 to 86400, not 0, at plumb.yaml:1:26',
    ],
    [
      'that is not a number at all',
      'http: { drain_timeout_s: .nan }',
      '`http.drain_timeout_s` must be a number from 0.001 to 86400, not NaN, at plumb.yaml:1:26',
    ],
    [
      'of a choice',
      'log: { level: wran }',
      '`log.level` must be `trace`, `debug`, `info`, `warn`, `error` or `silent`, not "wran", at plumb.yaml:1:15; did you mean `warn`?',
    ],
    ['of a switch', 'strict_models: yes', '`strict_models` must be `true` or `false`, not "yes", at plumb.yaml:1:16'],
    ['of a text', 'model: 7', '`model` must be a text (1 to 4096 characters), not 7, at plumb.yaml:1:8'],
    ['that is missing', 'port:\nhost: a', '`port` must be an integer from 0 to 65535, not nothing, at plumb.yaml:1:6'],
    ['that is a list', 'port: [1, 2]', '`port` must be an integer from 0 to 65535, not a list of 2, at plumb.yaml:1:7'],
    [
      'that is a group',
      'port: { a: 1 }',
      '`port` must be an integer from 0 to 65535, not a group of keys, at plumb.yaml:1:7',
    ],
    ['of a group', 'http: 5', '`http` must be a group of keys, not 5, at plumb.yaml:1:7'],
    ['of a list', 'models: {}', '`models` must be a list of 1 to 1000 entries, not a group of keys, at plumb.yaml:1:9'],
    [
      'that is an empty list',
      'models: []',
      '`models` must be a list of 1 to 1000 entries, not an empty list, at plumb.yaml:1:9',
    ],
    ['of the whole file', '- port', 'the file must be a group of keys such as `port: 8080` at plumb.yaml:1:1'],
    [
      'through an alias',
      'host: &a x\nport: *a',
      '`port` must be an integer from 0 to 65535, not "x", at plumb.yaml:2:7',
    ],
    ['of a model without an id', 'models:\n  - name: A', '`models[0].id` is missing at plumb.yaml:2:5'],
  ];
  for (const [name, file, problem] of cases) {
    test(name, async (context) => assert.deepEqual(await problemsOf(context, { file }), [problem]));
  }

  test('of a variable or a flag is told by its name', async (context) => {
    const given = { environment: { PORT: 'http', PLUMB_LOG_LEVEL: 'loud' }, flags: { port: '-1' } };
    assert.deepEqual(await problemsOf(context, given), [
      '--port must be an integer from 0 to 65535, not "-1"',
      'PLUMB_LOG_LEVEL must be `trace`, `debug`, `info`, `warn`, `error` or `silent`, not "loud"',
    ]);
  });

  test('of a variable is refused in every form that is no plain integer', async (context) => {
    for (const PORT of ['1e3', '0x50', ' 80', '80 ', '+80', '8.0', '١']) {
      assert.equal((await problemsOf(context, { environment: { PORT } })).length, 1, PORT);
    }
  });

  test('never puts control characters into the message', async (context) => {
    const [problem] = await problemsOf(context, { file: 'port: "\\e[31mred\\u0007"' });
    assert.equal(
      problem,
      '`port` must be an integer from 0 to 65535, not "\u{FFFD}[31mred\u{FFFD}", at plumb.yaml:1:7',
    );
  });
});

describe('a file that is no good YAML', () => {
  test('with a key twice is refused at the second one', async (context) => {
    const problems = await problemsOf(context, { file: 'port: 1\nhost: a\nport: 2\n' });
    assert.deepEqual(problems, ['duplicate key `port` at plumb.yaml:3:1']);
  });

  test('with a model name twice is refused at the second one, id or alias', async (context) => {
    const file = 'models:\n  - id: a\n    aliases: [b, c]\n  - id: c\n    aliases:\n      - d\n      - b\n  - id: a\n';
    assert.deepEqual(await problemsOf(context, { file }), [
      'duplicate model name `c` (`models[0].aliases[1]`, taken by `c`) at plumb.yaml:3:18',
      'duplicate model name `b` (`models[1].aliases[1]`, taken by `a`) at plumb.yaml:7:9',
      'duplicate model name `a` (`models[2].id`, taken by `a`) at plumb.yaml:8:9',
    ]);
  });

  test('with wrong syntax is told with its place', async (context) => {
    const [problem, ...rest] = await problemsOf(context, { file: 'port: 1\nhost: "a\n' });
    assert.match(problem!, /^not valid YAML: .* at plumb\.yaml:\d+:\d+$/);
    assert.deepEqual(rest, []);
  });

  test('with an unknown tag or a second document is refused', async (context) => {
    for (const file of ['host: !env HOST', 'port: 1\n---\nport: 2\n']) {
      assert.match((await problemsOf(context, { file }))[0]!, /^not valid YAML: /);
    }
  });

  test('with bytes that are no UTF-8, or far too many, is refused', async (context) => {
    assert.deepEqual(await problemsOf(context, { file: Buffer.from([0x61, 0x3a, 0xff]) }), [
      'plumb.yaml is not UTF-8 text',
    ]);
    const [problem] = await problemsOf(context, { file: `#${'x'.repeat(CONFIG_FILE_BYTES_MAX)}` });
    assert.match(problem!, /^plumb\.yaml has 1048577 bytes/);
  });
});

describe('several problems', () => {
  test('are told at once, those of the file in the order of their places', async (context) => {
    const file = 'prot: 1\nhttp:\n  body_limit_bytes: much\n  idle: 4\nlog: { levle: info }\n';
    const problems = await problemsOf(context, { file, environment: { PORT: 'x' } });
    assert.deepEqual(
      problems.map((problem) => / at plumb\.yaml:(\d+:\d+)/.exec(problem)?.[1]),
      ['1:1', '3:21', '4:3', '5:8', undefined],
    );
  });
});

describe('the catalogue of the file', () => {
  test('replaces the default one, with the defaults of an entry filled in', async (context) => {
    const file =
      'models:\n  - { id: qwen/qwen3-0.6b, aliases: [gpt-4o], thinking: enabled, name: Qwen }\n  - id: small\n';
    assert.deepEqual((await load(context, { file })).config.models, [
      {
        id: 'qwen/qwen3-0.6b',
        aliases: ['gpt-4o'],
        thinking: 'enabled',
        name: 'Qwen',
        pool: 'embedded',
        owned_by: 'plumb',
      },
      { id: 'small', aliases: [], thinking: 'disabled', pool: 'embedded', owned_by: 'plumb' },
    ]);
  });

  test('refuses names that would break messages, and pools that are none', async (context) => {
    for (const id of ['"a,b"', '"a b"', '""', '"-a"', '"ä"', `"${'x'.repeat(129)}"`]) {
      assert.equal((await problemsOf(context, { file: `models: [{ id: ${id} }]` })).length, 1, id);
    }
    const [problem] = await problemsOf(context, {
      file: 'models: [{ id: a, pool: gpu }]\npools: { gpus: { engines: {} } }',
    });
    assert.equal(problem, '`pool` of the model `a` is `gpu`, which is the name of no pool; did you mean `gpus`?');
  });
});
