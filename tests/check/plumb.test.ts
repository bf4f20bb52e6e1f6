/** Our own server keeps every rule of every profile, whatever is behind it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CheckCase, Profile } from '#server/check/case.js';
import { ALL_CASES } from '#server/check/cases/all.js';
import { defaultModelPath } from '../support/default-model.js';
import { startPlumb, type TestServer, type TestServerOptions } from '../support/plumb.js';
import { FAR_MODEL, startObedientUpstream } from './support/obedient-upstream.js';
import { FROM_OPENAI, FROM_STRICT } from './support/own-deviations.js';
import { type Checked, deviations, outcomesOf, runCheck } from './support/run-check.js';

const MODEL = 'deepseek-chat';
const engine = { context_tokens: 4096 };

/** What is refused as DeepSeek does, and said as DeepSeek does. */
const STRICT = { contract: 'strict', http: { error_format: 'deepseek' }, engine };

/** What reads long prompts or writes long answers, to which weights add nothing but time. */
const SLOW_WITH_WEIGHTS = ['cache/hit', 'cache/apart', 'limits', 'reasoning/whole', 'reasoning/stream-order'];

/** A tier whose limits a burst meets. */
const TIGHT = { tiers: { tight: { concurrent_requests: 2 } }, default_tier: 'tight' };

function check(server: TestServer, profile: Profile, skip: readonly string[] = []): Promise<Checked> {
  return runCheck({ baseUrl: `${server.url}/v1`, key: server.key, profile, model: MODEL, deep: true, skip });
}

async function serving<Result>(
  options: TestServerOptions,
  work: (server: TestServer) => Promise<Result>,
): Promise<Result> {
  const server = await startPlumb(options);
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

describe('Plumb with the embedded engine', () => {
  test('keeps every rule of the profile deepseek', async () => {
    const checked = await serving({ script: 'tool', settings: { engine } }, (server) => check(server, 'deepseek'));
    assert.deepEqual([deviations(checked), deviations(checked, 'warn')], [{}, {}]);
  });

  test('keeps every rule of the profile openai but those that DeepSeek does not have', async () => {
    const checked = await serving({ script: 'tool', settings: { engine } }, (server) => check(server, 'openai'));
    assert.deepEqual(deviations(checked), {});
    assert.deepEqual(Object.keys(deviations(checked, 'warn')), FROM_OPENAI);
  });

  test('keeps every rule of the profile deepseek-strict with the strict contract and the errors of DeepSeek', async () => {
    const checked = await serving({ script: 'tool', settings: STRICT }, (server) => check(server, 'deepseek-strict'));
    assert.deepEqual([deviations(checked), deviations(checked, 'warn')], [{}, {}]);
  });

  test('deviates from deepseek-strict by its extensions and the one form of its errors, and by nothing else', async () => {
    const checked = await serving({ script: 'tool', settings: { engine } }, (server) =>
      check(server, 'deepseek-strict'),
    );
    assert.deepEqual(Object.keys(deviations(checked)), FROM_STRICT);
  });

  test('keeps every rule of its limits once they are met', async () => {
    const settings = { engine, ...TIGHT };
    const checked = await serving({ script: 'tool', settings }, (server) => check(server, 'openai'));
    assert.deepEqual(deviations(checked), {});
    assert.equal(outcomesOf(checked)['limits/retry-after'], 'pass');
    assert.equal(outcomesOf(checked)['limits/refusal'], 'pass');
  });

  const modelPath = defaultModelPath();
  const skip = modelPath === undefined && 'the default model is not there; npm run plumb -- models pull fetches it';
  test('keeps every rule with the default model', { skip }, async () => {
    const options = { ...(modelPath && { modelPath }), settings: { engine } };
    const checked = await serving(options, (server) => check(server, 'deepseek', SLOW_WITH_WEIGHTS));
    assert.deepEqual([deviations(checked), deviations(checked, 'warn')], [{}, {}]);
  });
});

describe('Plumb with a pool', () => {
  for (const profile of ['openai', 'deepseek'] as const) {
    test(`keeps every rule of the profile ${profile}`, async () => {
      const upstream = await startObedientUpstream();
      const settings = {
        models: [{ id: MODEL, aliases: [], pool: 'far', thinking: 'disabled', owned_by: 'test' }],
        pools: { far: { engines: { one: { kind: 'vllm', url: upstream.url, model: FAR_MODEL } } } },
      };
      try {
        const checked = await serving({ settings, start: { model: {} } }, (server) => check(server, profile));
        assert.deepEqual(deviations(checked), {});
        assert.deepEqual(Object.keys(deviations(checked, 'warn')), profile === 'openai' ? FROM_OPENAI : []);
      } finally {
        await upstream.close();
      }
    });
  }
});

test('a case sees only what it asks: the order of the cases changes nothing', async () => {
  await serving({ script: 'tool', settings: { engine } }, async (server) => {
    const options = { baseUrl: `${server.url}/v1`, key: server.key, profile: 'deepseek', model: MODEL } as const;
    const orderly = await runCheck(options);
    const backwards = await runCheck({ ...options, order: (cases: readonly CheckCase[]) => cases.toReversed() });
    assert.deepEqual(outcomesOf(backwards), outcomesOf(orderly));
  });
});

test('without --deep no answer has more than 16 tokens, and a run costs less than 2000', async () => {
  await serving({ script: 'tool', settings: { engine } }, async (server) => {
    const options = { baseUrl: `${server.url}/v1`, key: server.key, profile: 'deepseek', model: MODEL } as const;
    const { results, spent } = await runCheck(options);
    assert.ok(results.every(({ cost }) => cost !== 'deep'));
    const answers = server.lines.filter(({ completion_tokens: tokens }) => typeof tokens === 'number');
    assert.ok(answers.every(({ completion_tokens: tokens }) => Number(tokens) <= 16));
    assert.ok(spent.completionTokens < 2000, `${spent.completionTokens} tokens`);
  });
});

test('every case has a name of its own, a rule that is a sentence, and a source', () => {
  const ids = ALL_CASES.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const { id, rule, sources, profiles } of ALL_CASES) {
    assert.match(id, /^[a-z]+\/[a-z0-9-]+$/);
    assert.match(rule, /^\S.*\.$/, id);
    assert.ok(sources.length > 0 && profiles.length > 0, id);
  }
});
