/** Specifies `plumb plan` as a program: what it reads, what it sends, and that a batch then takes what was foretold. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runProgram, testFolder, writeInput } from '../cli-batch/run-plumb.js';
import { startScriptedApi } from '../cli-batch/scripted-api.js';
import { AnsweringEngine } from '../support/answering-engine.js';
import { Operator } from '../support/operator.js';
import { startPlumb } from '../support/plumb.js';
import { PRICED_MODEL } from '../support/priced-model.js';
import { SlowEngine } from './slow-engine.js';

interface PlanAnswer {
  readonly requests: number;
  readonly binding: string | null;
  readonly limits: Record<string, { limit: number; requests_per_second_max: number; used: number }>;
  readonly limits_origin: string;
  readonly prompt_tokens: { mean: number; origin: string };
  readonly completion_tokens: { mean: number; p95: number; origin: string };
  readonly latency_ms: { p50: number; origin: string };
  readonly time_ms: { least: number; p50: number; p95: number };
  readonly cost: { now: { least: string; expected: string; most: string | null }; currency: string } | null;
  readonly target: { reached: boolean; tiers: { name: string; enough: boolean }[] } | null;
}

async function startServer(context: TestContext, engine = new AnsweringEngine(), settings = {}) {
  const server = await startPlumb({ engine, settings });
  context.after(() => server.stop());
  return { server, engine, url: server.url, key: server.key };
}

test('a file is planned with a tier, and nothing is sent', async (context) => {
  const folder = await testFolder(context);
  const endpoint = await startServer(context);
  await writeInput(join(folder, 'in.jsonl'), 300);
  const args = ['plan', 'in.jsonl', '--tier', 'free', '--target', '20rps'];
  const { code, stdout, stderr } = await runProgram(args, endpoint, folder);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^requests +300 to deepseek-chat from in\.jsonl\n/);
  assert.match(stdout, /200 lines counted, the\n? *others estimated/);
  assert.match(stdout, /requests +\[=+\] 100% of 10 req\/min +10\/min < binds/);
  assert.match(stdout, /time +29:1\d \(95 %: 29:1\d\)/);
  assert.match(stdout, /target +20\/s: not reached[\s\S]*free: 10\/min[^\n]*not enough[\s\S]*scale: [^\n]*enough/);
  assert.ok(/^[\n -~]+$/.test(stdout), 'what is no terminal gets ASCII');
  assert.ok(stdout.split('\n').every((line) => line.length <= 80));
  assert.ok(!(stdout + stderr).includes(endpoint.key));
  assert.equal(endpoint.engine.generations, 0);
});

test('numbers alone are planned without a file, an endpoint or a key', async (context) => {
  const folder = await testFolder(context);
  const args = ['plan', '--requests', '1000', '--prompt-tokens', '300,900', '--answer-tokens', '150', '--latency', '2'];
  const endpoint = { url: 'http://127.0.0.1:1', key: undefined };
  const limits = ['--requests-per-minute', '600', '--tokens-per-minute', '10000000', '--concurrency-limit', '100'];
  const { code, stdout, stderr } = await runProgram([...args, ...limits, '--target', '8h', '--json'], endpoint, folder);
  assert.equal(code, 0, stderr);
  const answer = JSON.parse(stdout) as PlanAnswer;
  assert.deepEqual([answer.requests, answer.binding, answer.target?.reached], [1000, 'requests', true]);
  assert.equal(answer.limits.requests?.requests_per_second_max, 10);
  assert.equal(answer.limits.concurrency?.requests_per_second_max, 50);
  assert.ok(answer.time_ms.least >= 60_000 && answer.time_ms.p50 >= answer.time_ms.least);
  assert.equal(answer.cost, null);
});

test('--measure sends so many requests, says what they cost, and learns limits meanwhile', async (context) => {
  const folder = await testFolder(context);
  const engine = new AnsweringEngine();
  const endpoint = await startServer(context, engine, { models: [PRICED_MODEL] });
  const operator = await Operator.open(context, { dataDir: endpoint.server.dataDir });
  await operator.fund(endpoint.server.account.id, '1000');
  const { id, price } = PRICED_MODEL;
  await writeInput(join(folder, 'in.jsonl'), 50, { model: id });
  await writeFile(join(folder, 'prices.json'), JSON.stringify({ currency: 'USD', models: { [id]: price } }));
  const args = ['plan', 'in.jsonl', '--measure', '5', '--prices', 'prices.json', '--json'];
  const { code, stdout, stderr } = await runProgram(args, endpoint, folder);
  assert.equal(code, 0, stderr);
  assert.equal(engine.generations, 5);
  assert.match(stderr, /Sending 5 requests to [^\n]*\nUsed 15 tokens in and 5 out, which cost \d+\.\d+ USD\./);
  const answer = JSON.parse(stdout) as PlanAnswer;
  assert.deepEqual([answer.completion_tokens.mean, answer.completion_tokens.origin], [1, 'measured on 5']);
  assert.deepEqual([answer.limits.requests?.limit, answer.limits.tokens?.limit], [500, 1_000_000]);
  assert.equal(answer.limits_origin, 'as the endpoint says');
  assert.ok(Number(answer.cost?.now.least) <= Number(answer.cost?.now.expected));
  assert.ok(Number(answer.cost?.now.expected) <= Number(answer.cost?.now.most));
});

test('--probe learns the limits from one small request', async (context) => {
  const folder = await testFolder(context);
  const endpoint = await startServer(context, new AnsweringEngine(), { default_tier: 'free' });
  await writeInput(join(folder, 'in.jsonl'), 40);
  const { code, stdout, stderr } = await runProgram(['plan', 'in.jsonl', '--probe', '--json'], endpoint, folder);
  assert.equal(code, 0, stderr);
  assert.equal(endpoint.engine.generations, 1);
  const { limits, limits_origin } = JSON.parse(stdout) as PlanAnswer;
  assert.deepEqual([limits.requests?.limit, limits.tokens?.limit], [10, 20_000]);
  assert.equal(limits_origin, 'as the endpoint says');
});

test('--like takes the answers of an earlier batch', async (context) => {
  const folder = await testFolder(context);
  const endpoint = await startServer(context, new AnsweringEngine());
  await writeInput(join(folder, 'in.jsonl'), 10);
  assert.equal((await runProgram(['batch', 'run', 'in.jsonl', '-o', 'out.jsonl'], endpoint, folder)).code, 0);
  const args = ['plan', 'in.jsonl', '--like', 'out.jsonl', '--requests-per-minute', '5', '--json'];
  const { code, stdout, stderr } = await runProgram(args, endpoint, folder);
  assert.equal(code, 0, stderr);
  const { completion_tokens, prompt_tokens } = JSON.parse(stdout) as PlanAnswer;
  assert.deepEqual([completion_tokens.mean, completion_tokens.origin], [1, 'as in out.jsonl']);
  assert.equal(prompt_tokens.origin, 'counted');
});

test('prices and tiers of a configuration are used', async (context) => {
  const folder = await testFolder(context);
  await writeInput(join(folder, 'in.jsonl'), 100, { model: 'far' });
  await writeFile(
    join(folder, 'plumb.yaml'),
    'tiers:\n  small:\n    requests_per_minute: 1000\n    models:\n      near:\n        requests_per_minute: 60\n' +
      'billing:\n  currency: EUR\nmodels:\n  - id: near\n    aliases: [far]\n    price:\n' +
      '      input_cache_hit: 1\n      input_cache_miss: 2\n      output: 3\n',
  );
  const endpoint = { url: 'http://127.0.0.1:1', key: undefined };
  const args = ['plan', 'in.jsonl', '--config', 'plumb.yaml', '--tier', 'small', '--json'];
  const { code, stdout, stderr } = await runProgram(args, endpoint, folder);
  assert.equal(code, 0, stderr);
  const { limits, cost } = JSON.parse(stdout) as PlanAnswer;
  assert.equal(limits.requests?.limit, 60, 'an alias has the limits of its model');
  assert.equal(cost?.currency, 'EUR');
});

test('a batch takes about as long as was foretold', { timeout: 120_000 }, async (context) => {
  const folder = await testFolder(context);
  const engine = new SlowEngine(100);
  const settings = { tiers: { narrow: { concurrent_requests: 4 } }, default_tier: 'narrow' };
  const endpoint = await startServer(context, engine, settings);
  await writeInput(join(folder, 'in.jsonl'), 80);
  const limit = ['--concurrency-limit', '4', '--latency', '0.1', '--json'];
  const planned = await runProgram(['plan', 'in.jsonl', ...limit], endpoint, folder);
  assert.equal(planned.code, 0, planned.stderr);
  const { time_ms: foretold, binding } = JSON.parse(planned.stdout) as PlanAnswer;
  assert.equal(binding, 'concurrency');
  const args = ['batch', 'run', 'in.jsonl', '-o', 'out.jsonl', '--concurrency', '4', '--json'];
  const ran = await runProgram(args, endpoint, folder);
  assert.equal(ran.code, 0, ran.stderr);
  const { duration_ms: taken } = JSON.parse(ran.stdout) as { duration_ms: number };
  assert.ok(taken >= foretold.least * 0.95, `${taken} ms taken, at least ${foretold.least} foretold`);
  // A machine that is busy with other things answers later than the engine does.
  assert.ok(taken <= foretold.p50 * 10, `${taken} ms taken, ${foretold.p50} foretold`);
});

test('what is missing is said with what to give, and ends with exit code 2', async (context) => {
  const folder = await testFolder(context);
  await writeInput(join(folder, 'in.jsonl'), 3);
  await writeFile(join(folder, 'empty.jsonl'), '\n');
  await writeFile(join(folder, 'wrong.jsonl'), '{}\n');
  const endpoint = { url: 'http://127.0.0.1:1', key: undefined };
  const cases: [string[], RegExp][] = [
    [['in.jsonl'], /Say what the endpoint allows: --tier/],
    [['in.jsonl', '--tier', 'gold'], /There is no tier "gold"; there are: free, standard, scale, unlimited\./],
    [['in.jsonl', '--target', 'fast'], /20rps or 1200rpm, or a time such as 90m or 8h/],
    [['--requests', '5', '--requests-per-minute', '5'], /--requests, --prompt-tokens and --answer-tokens/],
    [['in.jsonl', '--requests', '5'], /a file or --requests, not both/],
    [['empty.jsonl', '--tier', 'free'], /has no requests/],
    [['wrong.jsonl', '--tier', 'free'], /line 1: /],
    [['-', '--tier', 'free'], /must be a file/],
    [['in.jsonl', '--like', 'in.jsonl', '--tier', 'free'], /has no answers/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await runProgram(['plan', ...args], endpoint, folder);
    assert.deepEqual([code, message.test(stderr)], [2, true], stderr);
  }
});

test('an endpoint that refuses what is measured is told of, with its exit code', async (context) => {
  const folder = await testFolder(context);
  await writeInput(join(folder, 'in.jsonl'), 3);
  const endpoint = await startScriptedApi(context, (_body, response) => {
    response.writeHead(422, { 'content-type': 'application/json' }).end('{"error":{"message":"No."}}');
  });
  const { code, stderr } = await runProgram(['plan', 'in.jsonl', '--measure', '2'], endpoint, folder);
  assert.equal(code, 1);
  assert.match(stderr, /Nothing could be measured: all 2 requests failed/);
});
