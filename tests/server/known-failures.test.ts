/**
 * The ways in which limiters of other gateways are known to have failed, as far as they show on the wire or at the start:
 * the numbers are those of tests/limits/known-failures.test.ts, which has the others.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { TierSettings } from '#server/accounts/tier.js';
import { loadConfig } from '#server/config/load-config.js';
import { PREFIXES, ROUTES } from '#server/http/routes.js';
import { AnsweringEngine } from '../support/answering-engine.js';
import { Operator } from '../support/operator.js';
import { startPlumb } from '../support/plumb.js';
import { PRICED_MODEL } from '../support/priced-model.js';

const CHAT = { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 50 };
const PRICE = { input_cache_hit: 0, input_cache_miss: 1, output: 2 };

async function start(context: TestContext, tier: TierSettings, settings: object = {}) {
  const engine = new AnsweringEngine({ prompt: 10, completion: 5, cached: 8 });
  const plumb = await startPlumb({ engine, settings: { tiers: { test: tier }, default_tier: 'test', ...settings } });
  context.after(() => plumb.stop());
  const ask = async (path: string, body: object) => {
    const response = await plumb.request(path, { method: 'POST', body });
    await response.text();
    return response;
  };
  return { plumb, engine, ask };
}

/** Every path that makes an engine work. */
const GENERATING_PATHS = Object.entries(ROUTES)
  .filter(([, methods]) => 'POST' in methods)
  .flatMap(([pattern]) => PREFIXES.map((prefix) => `${prefix}${pattern}`));

/** Starts with a configuration file and returns why that fails. */
async function problemsOf(context: TestContext, yaml: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'plumb-test-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'plumb.yaml'), yaml);
  const loading = loadConfig({ flags: { dataDir: folder }, environment: {}, currentDir: folder, cores: 2 });
  return loading.then(
    () => 'none',
    (error: Error) => error.message,
  );
}

describe('known failures, on the wire', () => {
  test('2: the tokens of a stream count like those of a buffered answer', async (context) => {
    for (const stream of [true, false]) {
      const { plumb, ask } = await start(context, { tokens_per_minute: 1000 });
      await ask('/v1/chat/completions', { ...CHAT, stream });
      const { headers } = await plumb.request('/v1/models');
      assert.equal(headers.get('x-ratelimit-remaining-tokens'), '985', `stream: ${stream}`);
    }
  });

  test('6: a client that leaves after the last token has not been refunded: what it used is charged', async (context) => {
    const { plumb } = await start(context, { tokens_per_minute: 1000 });
    const leaving = new AbortController();
    const response = await plumb.chat({ ...CHAT, stream: true }, leaving.signal);
    leaving.abort();
    await response.text().catch(() => {});
    let remaining = '';
    while (remaining !== '985') {
      remaining = (await plumb.request('/v1/models')).headers.get('x-ratelimit-remaining-tokens') ?? '';
    }
  });

  test('7: prompt, cached prompt and answer are each charged at their own price', async (context) => {
    const { plumb, ask } = await start(context, {}, { models: [{ ...PRICED_MODEL, price: PRICE }] });
    const operator = await Operator.open(context, { dataDir: plumb.dataDir });
    await operator.fund(plumb.account.id, '1');
    await ask('/v1/chat/completions', CHAT);
    const [usage] = await operator.usage();
    assert.equal(usage?.cost, 2n * 1000n + 5n * 2000n);
  });

  for (const path of GENERATING_PATHS) {
    test(`8 and 13: no way around the limits leads through ${path}`, async (context) => {
      const { ask } = await start(context, { requests_per_minute: 1 });
      assert.equal((await ask(path, CHAT)).status, 200);
      assert.equal((await ask(path, CHAT)).status, 429);
    });

    test(`13: no way around the balance leads through ${path}`, async (context) => {
      const { ask, engine } = await start(context, {}, { models: [PRICED_MODEL] });
      assert.equal((await ask(path, CHAT)).status, 402);
      assert.equal(engine.generations, 0);
    });
  }

  test('10: a refusal carries Retry-After under its own name, in seconds and in milliseconds', async (context) => {
    const { ask } = await start(context, { requests_per_minute: 1 });
    await ask('/v1/chat/completions', CHAT);
    const { headers } = await ask('/v1/chat/completions', CHAT);
    const milliseconds = Number(headers.get('retry-after-ms'));
    assert.ok(milliseconds > 0 && milliseconds <= 60_000);
    assert.equal(headers.get('retry-after'), String(Math.ceil(milliseconds / 1000)));
  });

  test('11: what remains falls with every answer', async (context) => {
    const { ask } = await start(context, { requests_per_minute: 5 });
    const remaining = [];
    for (let index = 0; index < 5; index++) {
      remaining.push((await ask('/v1/chat/completions', CHAT)).headers.get('x-ratelimit-remaining-requests'));
    }
    assert.deepEqual(remaining, ['4', '3', '2', '1', '0']);
  });
});

describe('known failures, at the start', () => {
  test('14: a misspelt limit is an error that names the right one, never no limit', async (context) => {
    const problem = await problemsOf(context, 'tiers:\n  free:\n    request_per_minute: 5\n');
    assert.match(
      problem,
      /unknown key `tiers\.free\.request_per_minute` at .*:3:5; did you mean .*requests_per_minute/,
    );
  });

  test('14: a tier that the configuration no longer has refuses its accounts instead of limiting nothing', async (context) => {
    const { plumb, ask } = await start(context, {});
    const operator = await Operator.open(context, { dataDir: plumb.dataDir });
    const author = { actor: 'test', at: 1 };
    await operator.access.administration.accounts.changeAccount(plumb.account.id, { tier: 'gone' }, author);
    assert.equal((await ask('/v1/chat/completions', CHAT)).status, 503);
  });

  test('16: there are no weights that could add up to more than one: no such setting exists', async (context) => {
    const problem = await problemsOf(context, 'tiers:\n  free:\n    priority: 0.7\n');
    assert.match(problem, /unknown key `tiers\.free\.priority`/);
  });
});
