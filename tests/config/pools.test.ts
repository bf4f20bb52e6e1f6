/** Pools as the configuration writes them: what is missing, what is too much, and keys that nobody gets to see. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { loadConfig } from '#server/config/load-config.js';
import { temporaryFolder } from '../store/helpers/temporary-folder.js';

async function load(context: TestContext, yaml: string, environment: Record<string, string> = {}) {
  const folder = await temporaryFolder(context);
  await writeFile(join(folder, 'plumb.yaml'), yaml);
  return loadConfig({ flags: { dataDir: folder }, environment, currentDir: folder, cores: 2 });
}

async function problemOf(context: TestContext, yaml: string, environment?: Record<string, string>): Promise<string> {
  return load(context, yaml, environment).then(
    () => 'none',
    (error: Error) => error.message,
  );
}

const pool = (engine: string) => `models: [{ id: a, pool: far }]\npools: { far: { engines: { one: ${engine} } } }\n`;

describe('a pool', () => {
  test('is read with everything that it can have', async (context) => {
    const yaml = `
models: [{ id: a, pool: far }]
pools:
  far:
    choose: prefix-affinity
    connect_timeout_s: 1
    first_event_timeout_s: 2
    idle_timeout_s: 3
    retries: 1
    retry_budget_percent: 10
    queue: { max_length: 5, max_wait_s: 6 }
    health_interval_s: 7
    engines:
      one: { kind: vllm, url: http://host:8000/v1, model: m, weight: 2, priority: 1, concurrent_requests: 3, context_tokens: 4096 }
      near: { kind: embedded, priority: 2 }
`;
    const { pools } = await load(context, yaml);
    assert.deepEqual(pools.far, {
      choose: 'prefix-affinity',
      connect_timeout_s: 1,
      first_event_timeout_s: 2,
      idle_timeout_s: 3,
      retries: 1,
      retry_budget_percent: 10,
      queue: { max_length: 5, max_wait_s: 6 },
      health_interval_s: 7,
      engines: {
        one: {
          kind: 'vllm',
          url: 'http://host:8000/v1',
          model: 'm',
          weight: 2,
          priority: 1,
          concurrent_requests: 3,
          context_tokens: 4096,
        },
        near: { kind: 'embedded', priority: 2 },
      },
    });
  });

  const wrong: [string, string, RegExp][] = [
    ['without engines', 'pools: { far: { engines: {} } }', /^`pools\.far\.engines` is empty/],
    ['with an engine without an address', pool('{ kind: vllm }'), /^`pools\.far\.engines\.one\.url` is missing/],
    ['with a kind that there is not', pool('{ kind: vlm, url: http://h }'), /must be .*; did you mean `vllm`\?/],
    [
      'with an embedded engine elsewhere',
      pool('{ kind: embedded, url: http://h }'),
      /one\.url` is nothing that the embedded/,
    ],
    [
      'with two cassettes',
      pool('{ kind: openai, url: http://h, record: a, replay: b }'),
      /has both `record` and `replay`/,
    ],
    [
      'with a speed and nothing to replay',
      pool('{ kind: openai, url: http://h, replay_speed: 2 }'),
      /one\.replay_speed` means nothing without `replay`: name a cassette there/,
    ],
    [
      'with an embedded engine on a cassette',
      pool('{ kind: embedded, replay: a }'),
      /one\.replay` is nothing that the/,
    ],
    ['with two keys', pool('{ kind: openai, url: http://h, api_key: k, api_key_env: K }'), /has both `api_key` and/],
    [
      'with a variable that is not set',
      pool('{ kind: openai, url: http://h, api_key_env: K }'),
      /variable K, which is not set/,
    ],
    [
      'that no model can mean',
      'models: [{ id: a, pool: near }]',
      /`pool` of the model `a` is `near`, which is the name of no pool/,
    ],
  ];
  for (const [name, yaml, problem] of wrong) {
    test(`${name} is refused`, async (context) => {
      assert.match(await problemOf(context, yaml), problem);
    });
  }
});

describe('the key of an engine', () => {
  test('comes from the environment where the configuration names a variable', async (context) => {
    const { pools } = await load(context, pool('{ kind: openai, url: http://h, api_key_env: K }'), { K: 'sk-1' });
    assert.deepEqual(pools.far?.engines.one, { kind: 'openai', url: 'http://h', api_key: 'sk-1' });
  });

  test('and its address are repeated in no message', async (context) => {
    const secrets = ['{ kind: openai, url: "ftp://u:s3cr3t@h" }', '{ kind: openai, url: http://h, api_key: [s3cr3t] }'];
    for (const engine of secrets) assert.doesNotMatch(await problemOf(context, pool(engine)), /s3cr3t/);
  });

  test('need not be there for an engine that is replayed, nor its address', async (context) => {
    const { pools } = await load(context, pool('{ kind: openai, api_key_env: K, replay: calls.ndjson }'));
    assert.deepEqual(pools.far?.engines.one, { kind: 'openai', replay: 'calls.ndjson' });
  });
});
