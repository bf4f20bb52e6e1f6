/** Operators see and change two workers as if they were one process. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readPrometheusText, sampleOf } from '../support/prometheus-text.js';
import { until } from '../support/until.js';
import { SpawnedWorkers } from './support/spawn-workers.js';

/** Enough connections, one after the other, for both workers to have some. */
const SOME = 6;
const LABELS = { model: 'deepseek-chat', status: '200', outcome: 'completed' };
const OUTAGE = { name: 'outage', fault: 'status', status: 500 };
const PRICE = { input_cache_hit: 1, input_cache_miss: 1, output: 2 };

/** The model of all tests with another one. */
function withModel(id: string): Record<string, unknown> {
  return { models: ['deepseek-chat', id].map((name) => ({ id: name, pool: 'elsewhere', price: PRICE })) };
}

async function assertAnswers(workers: SpawnedWorkers, status: number, because?: string): Promise<void> {
  const statuses = (await workers.chats(SOME)).map((answer) => answer.status);
  assert.deepEqual(statuses, Array<number>(SOME).fill(status), because);
}

/** What both workers show: one entry when it is the same. */
async function modelsOf(workers: SpawnedWorkers): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: SOME }, () => workers.get('/v1/models')));
  const lists = answers.map(({ json }) => json.data.map(({ id }: { id: string }) => id).join(' '));
  return [...new Set(lists)];
}

async function drain(workers: SpawnedWorkers, draining: boolean) {
  return (await workers.administer('PATCH', '/engines/elsewhere:a', { draining })).json;
}

describe('two workers', () => {
  test('are administered as one process', async (context) => {
    const workers = await SpawnedWorkers.start(context);
    await context.test('whose counts are added up', () => addsUp(workers));
    await context.test('whose engines are drained for both, and back', () => drains(workers));
    await context.test('whose faults are injected by both, and removed', () => injects(workers));
    await context.test('that refuses a configuration which one of them could not use', () => refuses(workers));
    await context.test('that takes a configuration on, written down once', () => takesOn(workers));
    await context.test('that says at SIGHUP what needs a restart', () => hangsUp(workers));
    await context.test('of which a worker that starts later is a part like the others', () => restarts(workers));
  });
});

async function addsUp(workers: SpawnedWorkers): Promise<void> {
  await assertAnswers(workers, 200);
  const { json } = await workers.administer('GET', '/engines');
  const [engine] = json.data;
  assert.equal(json.data.length, 1);
  assert.deepEqual([engine.requests, engine.prompt_tokens, engine.concurrent_requests], [SOME, SOME * 10, 256]);
  const metrics = await workers.administer('GET', '/metrics');
  const families = readPrometheusText(metrics.json as string);
  assert.equal(sampleOf(families, 'plumb_requests_total', LABELS), SOME);
  assert.equal(sampleOf(families, 'plumb_tokens_total', { model: 'deepseek-chat', kind: 'prompt' }), SOME * 10);
  assert.equal(sampleOf(families, 'plumb_request_seconds_count', { model: 'deepseek-chat' }), SOME);
  assert.equal((await workers.get('/readyz')).status, 200);
}

async function drains(workers: SpawnedWorkers): Promise<void> {
  assert.equal((await drain(workers, true)).condition, 'draining');
  await assertAnswers(workers, 503);
  await drain(workers, false);
  await assertAnswers(workers, 200);
  assert.equal((await workers.administer('PATCH', '/engines/elsewhere:b', { draining: true })).status, 404);
}

async function injects(workers: SpawnedWorkers): Promise<void> {
  assert.equal((await workers.administer('POST', '/faults', OUTAGE)).status, 201);
  assert.equal((await workers.administer('POST', '/faults', OUTAGE)).status, 409);
  await assertAnswers(workers, 500);
  const { json } = await workers.administer('GET', '/faults');
  assert.deepEqual([json.data.length, json.data[0].matched, json.data[0].injected], [1, SOME, SOME]);
  assert.equal((await workers.administer('DELETE', '/faults/outage')).status, 200);
  assert.equal((await workers.administer('DELETE', '/faults/outage')).status, 404);
  await assertAnswers(workers, 200);
}

async function refuses(workers: SpawnedWorkers): Promise<void> {
  const refusals = [
    { settings: { ...withModel('new'), billing: { currency: 'EUR' } }, because: /billing\.currency/ },
    { settings: { models: [{ id: 'new', pool: 'nowhere' }] }, because: /nowhere/ },
  ];
  for (const { settings, because } of refusals) {
    await workers.rewrite(settings);
    const { status, json } = await workers.administer('POST', '/reload');
    assert.equal(status, 400);
    assert.match(json.error.message, because);
  }
  assert.deepEqual(await modelsOf(workers), ['deepseek-chat']);
  await assertAnswers(workers, 200);
}

async function takesOn(workers: SpawnedWorkers): Promise<void> {
  await workers.rewrite(withModel('new'));
  const { status, json } = await workers.administer('POST', '/reload');
  assert.deepEqual([status, json], [200, { changed: ['models'], needs_restart: [] }]);
  assert.deepEqual(await modelsOf(workers), ['deepseek-chat new']);
  const audit = await workers.administer('GET', '/audit');
  const reloads = audit.json.data.filter(({ action }: { action: string }) => action === 'config.reload');
  assert.equal(reloads.length, 1);
}

async function hangsUp(workers: SpawnedWorkers): Promise<void> {
  await workers.rewrite({ ...withModel('newer'), http: { idle_timeout_s: 5 } });
  workers.child.kill('SIGHUP');
  await until('it is said', () => workers.log.includes('the configuration was read again'));
  assert.match(workers.log, /changed: models; a restart is needed for http\./);
  assert.deepEqual(await modelsOf(workers), ['deepseek-chat newer']);
}

async function restarts(workers: SpawnedWorkers): Promise<void> {
  await workers.administer('POST', '/faults', OUTAGE);
  await drain(workers, true);
  const [first = 0] = await workers.processIds(2);
  process.kill(first, 'SIGKILL');
  await workers.processIds(3);
  assert.deepEqual(await modelsOf(workers), ['deepseek-chat newer']);
  await assertAnswers(workers, 500, 'the fault is there');
  await workers.administer('DELETE', '/faults');
  await assertAnswers(workers, 503, 'the engine is drained');
  await drain(workers, false);
  await assertAnswers(workers, 200);
}
