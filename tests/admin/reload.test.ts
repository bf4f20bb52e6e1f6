/** Another configuration while the server runs: what takes effect, what needs a restart, and what a bad one changes. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { ConfigError } from '#server/config/problem.js';
import type { Config } from '#server/config/settings.js';
import { AnsweringEngine } from '../support/answering-engine.js';
import { startFaultyUpstream } from '../support/faulty-upstream.js';
import { readTestConfig } from '../support/plumb.js';
import { startAdmin } from './support/admin.js';

const CHAT = { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 20 };
const MODEL = { id: 'deepseek-chat', aliases: [], thinking: 'disabled', owned_by: 'test' } as const;

async function start(context: TestContext, settings: Record<string, unknown> = {}) {
  let read: () => Promise<Config> = () => Promise.reject(new Error('there is nothing to read'));
  const admin = await startAdmin({
    engine: new AnsweringEngine(),
    settings,
    start: { readConfig: () => read() },
  });
  context.after(() => admin.stop());
  const reload = (changes: Record<string, unknown> | Error) => {
    read = async () => {
      if (changes instanceof Error) throw changes;
      return readTestConfig(admin.plumb.dataDir, { ...settings, ...changes });
    };
    return admin.call('POST', '/reload');
  };
  const chat = async (model = 'deepseek-chat') => {
    const response = await admin.plumb.chat({ ...CHAT, model });
    await response.text();
    return response;
  };
  return { ...admin, reload, chat };
}

/** A pool of engines elsewhere that answer well. */
async function startFar(context: TestContext, ...names: string[]) {
  const engines: Record<string, object> = {};
  for (const name of names) {
    const upstream = await startFaultyUpstream('well');
    context.after(() => upstream.close());
    engines[name] = { kind: 'openai', url: upstream.url };
  }
  return engines;
}

describe('a reload', () => {
  test('that finds nothing new says so', async (context) => {
    const { reload } = await start(context);
    const { status, body } = await reload({});
    assert.deepEqual([status, body], [200, { changed: [], needs_restart: [] }]);
  });

  test('has answers wait for the disk from then on, or no longer', async (context) => {
    const { reload, chat, plumb } = await start(context);
    const billing = { currency: 'USD', require_balance: true, peak: { hours: [], days: [], except: [] } };
    const written = async () => {
      const folder = join(plumb.dataDir, 'journal');
      const names = await readdir(folder).catch(() => []);
      return (
        (await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).join('').split('\n').length - 1
      );
    };
    await chat();
    assert.equal(await written(), 1);
    const { body } = await reload({ billing: { ...billing, wait_for_disk: true } });
    assert.deepEqual(body, { changed: ['billing'], needs_restart: [] });
    await chat();
    assert.equal(await written(), 1);
    await reload({ billing: { ...billing, wait_for_disk: false } });
    await chat();
    assert.equal(await written(), 2);
  });

  test('lets other models, tiers and prices count from the next request on', async (context) => {
    const { reload, chat } = await start(context);
    assert.equal((await chat('fresh')).status, 400);
    const { body } = await reload({
      models: [{ ...MODEL, id: 'fresh', pool: 'embedded' }],
      tiers: { standard: { requests_per_minute: 7 } },
    });
    assert.deepEqual(body.changed, ['models', 'tiers']);
    const answer = await chat('fresh');
    assert.deepEqual([answer.status, answer.headers.get('x-ratelimit-limit-requests')], [200, '7']);
    assert.equal((await chat()).status, 400);
  });

  test('says that a model waits for a restart whose embedded engine does not run', async (context) => {
    const { reload, plumb } = await start(context);
    const vectors = { ...MODEL, id: 'vectors', kind: 'embeddings', pool: 'embedded' };
    const { body } = await reload({ models: [{ ...MODEL, pool: 'embedded' }, vectors] });
    assert.deepEqual(body, { changed: ['models'], needs_restart: ['models'] });
    const input = { model: 'vectors', input: 'Hi' };
    assert.equal((await plumb.request('/v1/embeddings', { method: 'POST', body: input })).status, 503);
  });

  test('says what needs a restart, and leaves it', async (context) => {
    const { reload, plumb } = await start(context);
    const { body } = await reload({ http: { drain_timeout_s: 1 } });
    assert.deepEqual(body, { changed: [], needs_restart: ['http'] });
    assert.notEqual(plumb.server.platform.config.http.drain_timeout_s, 1);
  });

  test('of a configuration that cannot be used is 400 with its problems, and changes nothing', async (context) => {
    const { reload, chat } = await start(context);
    const refused = await reload(new ConfigError(['unknown key `tears`']));
    assert.equal(refused.status, 400);
    assert.match(refused.body.error.message, /unknown key `tears`/);
    const currency = await reload({
      billing: { currency: 'CNY', require_balance: true, peak: { hours: [], days: [], except: [] } },
    });
    assert.equal(currency.status, 400);
    assert.match(currency.body.error.message, /`billing\.currency` is CNY and was USD/);
    assert.equal((await chat()).status, 200);
  });

  test('is written down', async (context) => {
    const { reload, call, adminKeyId } = await start(context);
    await reload({ tiers: { standard: {} } });
    const [entry] = (await call('GET', '/audit')).body.data;
    assert.deepEqual(
      [entry.action, entry.actor, entry.details],
      ['config.reload', adminKeyId, { changed: ['tiers'], needs_restart: [] }],
    );
  });

  test('adds, changes and removes engines', async (context) => {
    const { reload, chat, call } = await start(context);
    const { one, two } = await startFar(context, 'one', 'two');
    const far = (engines: object) => ({ models: [{ ...MODEL, pool: 'far' }], pools: { far: { engines } } });
    const names = async () => (await call('GET', '/engines')).body.data.map(({ id }: { id: string }) => id);
    assert.deepEqual(await names(), []);
    await reload(far({ one }));
    assert.equal((await chat()).status, 200);
    assert.deepEqual(await names(), ['far:one']);
    await reload(far({ one, two }));
    assert.deepEqual(await names(), ['far:one', 'far:two']);
    await reload(far({ two }));
    assert.deepEqual(await names(), ['far:two']);
    assert.equal((await chat()).status, 200);
    await reload({ pools: {} });
    assert.deepEqual(await names(), []);
    assert.equal((await chat()).status, 200);
  });
});

describe('the engines of a pool', () => {
  test('are shown with what they did', async (context) => {
    const engines = await startFar(context, 'one');
    const { chat, call } = await start(context, { models: [{ ...MODEL, pool: 'far' }], pools: { far: { engines } } });
    await chat();
    const [engine] = (await call('GET', '/engines')).body.data;
    assert.deepEqual(
      [engine.id, engine.kind, engine.condition, engine.outstanding, engine.requests, engine.prompt_tokens],
      ['far:one', 'openai', 'up', 0, 1, 10],
    );
    assert.ok(engine.first_event_ms.p50 >= 0 && engine.duration_ms.p95 >= 0);
    assert.ok(!JSON.stringify(engine).includes('127.0.0.1'), 'addresses are no part of it');
  });

  test('can be drained and given work again, which is written down', async (context) => {
    const engines = await startFar(context, 'one');
    const { chat, call } = await start(context, { models: [{ ...MODEL, pool: 'far' }], pools: { far: { engines } } });
    const drained = await call('PATCH', '/engines/far:one', { draining: true });
    assert.deepEqual([drained.status, drained.body.condition], [200, 'draining']);
    assert.equal((await chat()).status, 503);
    await call('PATCH', '/engines/far:one', { draining: false });
    assert.equal((await chat()).status, 200);
    const actions = (await call('GET', '/audit')).body.data.slice(0, 2).map(({ action }: { action: string }) => action);
    assert.deepEqual(actions, ['engine.resume', 'engine.drain']);
  });

  test('that there is not cannot be drained', async (context) => {
    const { call } = await start(context);
    for (const id of ['far:one', 'far', ':', 'far:one:two']) {
      assert.equal((await call('PATCH', `/engines/${encodeURIComponent(id)}`, { draining: true })).status, 404, id);
    }
    assert.equal((await call('PATCH', '/engines/far:one', { drain: true })).status, 400);
  });
});
