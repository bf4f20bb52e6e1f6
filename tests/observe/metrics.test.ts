/** The metrics, read as a scraper reads them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createMetrics, type EndedRequest } from '#server/observe/metrics.js';
import { startPlumb, type TestServer } from '../support/plumb.js';
import { readPrometheusText, sampleOf } from '../support/prometheus-text.js';

const MODELS = ['deepseek-chat', 'owner/"odd":model'];

const ended: EndedRequest = {
  model: 'deepseek-chat',
  status: 200,
  outcome: 'completed',
  usage: {
    prompt_tokens: 100,
    completion_tokens: 40,
    total_tokens: 140,
    prompt_tokens_details: { cached_tokens: 60 },
    prompt_cache_hit_tokens: 60,
    prompt_cache_miss_tokens: 40,
  },
  firstEventMs: 200,
  durationMs: 1500,
};

function start() {
  const metrics = createMetrics({ models: MODELS });
  return { metrics, read: async () => readPrometheusText(await metrics.text()) };
}

describe('metrics', () => {
  test('start at zero, for every model and every limit', async () => {
    const families = await start().read();
    for (const model of ['', ...MODELS]) {
      for (const kind of ['prompt', 'cache_hit', 'completion'])
        assert.equal(sampleOf(families, 'plumb_tokens_total', { model, kind }), 0, `${model} ${kind}`);
    }
    for (const limit of ['requests', 'tokens', 'concurrency']) {
      for (const scope_kind of ['account', 'model', 'key'])
        assert.equal(sampleOf(families, 'plumb_refusals_total', { limit, scope_kind }), 0);
    }
    assert.equal(sampleOf(families, 'plumb_shared_limits_lost'), 0);
    assert.equal(sampleOf(families, 'plumb_ledger_backlog'), 0);
    assert.equal(sampleOf(families, 'plumb_ledger_commit_seconds_count'), 0);
  });

  test('count requests by model, status and outcome', async () => {
    const { metrics, read } = start();
    metrics.requestEnded(ended);
    metrics.requestEnded(ended);
    metrics.requestEnded({ ...ended, outcome: 'client_left' });
    metrics.requestEnded({ status: 429, outcome: 'failed', durationMs: 1 });
    metrics.requestEnded({ status: 0, durationMs: 1 });
    const families = await read();
    const requests = (labels: Record<string, string>) => sampleOf(families, 'plumb_requests_total', labels);
    assert.equal(requests({ model: 'deepseek-chat', status: '200', outcome: 'completed' }), 2);
    assert.equal(requests({ model: 'deepseek-chat', status: '200', outcome: 'client_left' }), 1);
    assert.equal(requests({ model: '', status: '429', outcome: 'failed' }), 1);
    assert.equal(requests({ model: '', status: '0', outcome: '' }), 1);
  });

  test('count the tokens of prompts, of the cache and of answers', async () => {
    const { metrics, read } = start();
    metrics.requestEnded(ended);
    metrics.requestEnded({ ...ended, model: MODELS[1]! });
    const families = await read();
    for (const model of MODELS) {
      assert.equal(sampleOf(families, 'plumb_tokens_total', { model, kind: 'prompt' }), 100);
      assert.equal(sampleOf(families, 'plumb_tokens_total', { model, kind: 'cache_hit' }), 60);
      assert.equal(sampleOf(families, 'plumb_tokens_total', { model, kind: 'completion' }), 40);
    }
  });

  test('time first events and whole requests in seconds, not below 0 when the clock was set back', async () => {
    const { metrics, read } = start();
    metrics.requestEnded(ended);
    metrics.requestEnded({ ...ended, firstEventMs: -5, durationMs: -5 });
    const families = await read();
    const model = 'deepseek-chat';
    assert.equal(sampleOf(families, 'plumb_first_event_seconds_sum', { model }), 0.2);
    assert.equal(sampleOf(families, 'plumb_first_event_seconds_count', { model }), 2);
    assert.equal(sampleOf(families, 'plumb_request_seconds_sum', { model }), 1.5);
    assert.equal(sampleOf(families, 'plumb_request_seconds_bucket', { model, le: '1' }), 1);
    assert.equal(sampleOf(families, 'plumb_request_seconds_bucket', { model, le: '2.5' }), 2);
  });

  test('make no series for what is not in the catalogue', async () => {
    const { metrics, read } = start();
    for (let index = 0; index < 100; index++) metrics.requestEnded({ ...ended, model: `made-up-${index}` });
    const families = await read();
    assert.equal(families.get('plumb_requests_total')?.samples.length, 1);
    assert.equal(sampleOf(families, 'plumb_tokens_total', { model: '', kind: 'prompt' }), 10_000);
  });

  test('count refusals by limit and scope, and say whether the shared limits are lost', async () => {
    const { metrics, read } = start();
    metrics.refused('tokens', 'key');
    metrics.refused('tokens', 'key');
    metrics.sharedLimitsLost(true);
    const lost = await read();
    assert.equal(sampleOf(lost, 'plumb_refusals_total', { limit: 'tokens', scope_kind: 'key' }), 2);
    assert.equal(sampleOf(lost, 'plumb_refusals_total', { limit: 'tokens', scope_kind: 'account' }), 0);
    assert.equal(sampleOf(lost, 'plumb_shared_limits_lost'), 1);
    metrics.sharedLimitsLost(false);
    assert.equal(sampleOf(await read(), 'plumb_shared_limits_lost'), 0);
  });

  test('tell how long the ledger takes and how much waits for it', async () => {
    const { metrics, read } = start();
    metrics.ledgerBacklog(7);
    metrics.ledgerCommitted(0.004, 12);
    metrics.ledgerCommitted(0.1, 3);
    const families = await read();
    assert.equal(sampleOf(families, 'plumb_ledger_backlog'), 7);
    assert.equal(sampleOf(families, 'plumb_ledger_operations_total'), 15);
    assert.equal(sampleOf(families, 'plumb_ledger_commit_seconds_count'), 2);
    assert.equal(sampleOf(families, 'plumb_ledger_commit_seconds_bucket', { le: '0.005' }), 1);
  });

  test('tell of the process, each server its own', async () => {
    const one = start();
    const other = start();
    one.metrics.requestEnded(ended);
    const families = await one.read();
    assert.ok(sampleOf(families, 'process_resident_memory_bytes')! > 1_000_000);
    assert.ok(sampleOf(families, 'process_start_time_seconds')! > 1_700_000_000);
    assert.equal((await other.read()).get('plumb_requests_total')?.samples.length, 0);
    assert.match(one.metrics.contentType, /^text\/plain; version=0\.0\.4/);
  });
});

describe('the metrics of a server', () => {
  let plumb: TestServer;
  before(async () => {
    plumb = await startPlumb();
  });
  after(() => plumb.stop());

  test('count what it answered', async () => {
    await (await plumb.chat({ model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }] })).json();
    await (await plumb.chat({ model: 'no such model', messages: [{ role: 'user', content: 'Hi' }] })).text();
    await (await plumb.request('/v1/models')).text();
    await plumb.request('/readyz');
    const families = readPrometheusText(await plumb.server.platform.metrics.text());
    const requests = (labels: Record<string, string>) => sampleOf(families, 'plumb_requests_total', labels);
    assert.equal(requests({ model: 'deepseek-chat', status: '200', outcome: 'completed' }), 1);
    assert.equal(requests({ model: '', status: '400', outcome: 'failed' }), 1);
    assert.ok(sampleOf(families, 'plumb_tokens_total', { model: 'deepseek-chat', kind: 'completion' })! > 0);
    assert.equal(sampleOf(families, 'plumb_first_event_seconds_count', { model: 'deepseek-chat' }), 1);
  });
});
