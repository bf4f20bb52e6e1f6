/** Specifies `plumb batch` as a program: files in, files out, exit codes, and how it goes on. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AnsweringEngine } from '../support/answering-engine.js';
import { startPlumb } from '../support/plumb.js';
import { until } from '../support/until.js';
import { idsIn, runProgram, startProgram, testFolder, writeInput } from './run-plumb.js';
import { sendAnswer, sendError, startScriptedApi } from './scripted-api.js';

async function startAnswering(context: TestContext) {
  const engine = new AnsweringEngine();
  const server = await startPlumb({ engine });
  context.after(() => server.stop());
  return { url: server.url, key: server.key, engine };
}

test('a batch is asked, told of, and done with', async (context) => {
  const folder = await testFolder(context);
  const endpoint = await startAnswering(context);
  await writeInput(join(folder, 'in.jsonl'), 20);
  const args = ['batch', 'run', 'in.jsonl', '-o', 'out.jsonl', '--json', '--report', 'report.json'];
  const first = await runProgram(args, endpoint, folder);
  assert.equal(first.code, 0, first.stderr);
  const report = JSON.parse(first.stdout) as Record<string, unknown>;
  assert.deepEqual(
    [report.lines, report.succeeded, report.failed, report.pending, report.prompt_tokens, report.cached_tokens],
    [20, 20, 0, 0, 60, 0],
  );
  assert.deepEqual(JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')), report);
  assert.match(first.stderr, /answered +20 -> out\.jsonl/);
  const out = await readFile(join(folder, 'out.jsonl'), 'utf8');
  assert.equal(new Set(idsIn(out)).size, 20);
  const manifest = JSON.parse(await readFile(join(folder, 'out.manifest.json'), 'utf8')) as Record<string, object>;
  assert.deepEqual(manifest.totals, report);
  assert.match(JSON.stringify(manifest.input), /"sha256":"[0-9a-f]{64}","lines":20/);
  const again = await runProgram(args, endpoint, folder);
  assert.equal(again.code, 0);
  assert.equal(endpoint.engine.generations, 20);
  assert.equal(await readFile(join(folder, 'out.jsonl'), 'utf8'), out);
});

test('neither the key nor a prompt is in the manifest or on the screen', async (context) => {
  const folder = await testFolder(context);
  const endpoint = await startAnswering(context);
  await writeInput(join(folder, 'in.jsonl'), 3);
  const { stderr, stdout } = await runProgram(['batch', 'run', 'in.jsonl', '-o', 'out.jsonl'], endpoint, folder);
  const manifest = await readFile(join(folder, 'out.manifest.json'), 'utf8');
  for (const text of [stderr, stdout, manifest]) {
    assert.ok(!text.includes(endpoint.key));
    assert.ok(!text.includes('Say 1.'));
  }
});

test('failures go to their own file, exit code 1, and are asked again when that is asked for', async (context) => {
  const folder = await testFolder(context);
  let isRefusing = true;
  const endpoint = await startScriptedApi(context, ({ messages }, response) => {
    if (isRefusing && JSON.stringify(messages).includes('Say 3.')) sendError(response, 422);
    else sendAnswer(response);
  });
  await writeInput(join(folder, 'in.jsonl'), 5);
  const first = await runProgram(['batch', 'run', 'in.jsonl', '-o', 'out.jsonl'], endpoint, folder);
  assert.equal(first.code, 1);
  assert.match(first.stderr, /1 lines failed; see out\.errors\.jsonl/);
  assert.deepEqual(idsIn(await readFile(join(folder, 'out.errors.jsonl'), 'utf8')), ['r3']);
  const status = await runProgram(['batch', 'status', 'out.jsonl'], endpoint, folder);
  assert.match(status.stdout, /state +done\nanswered +4 of 5\nfailed +1 \(422: 1\)/);
  isRefusing = false;
  const kept = await runProgram(['batch', 'run', 'in.jsonl', '-o', 'out.jsonl'], endpoint, folder);
  assert.equal(kept.code, 1);
  const retried = await runProgram(
    ['batch', 'retry', 'in.jsonl', '-o', 'out.jsonl', '--retry-errors=422'],
    endpoint,
    folder,
  );
  assert.equal(retried.code, 0, retried.stderr);
  assert.equal(await readFile(join(folder, 'out.errors.jsonl'), 'utf8'), '');
  assert.equal(new Set(idsIn(await readFile(join(folder, 'out.jsonl'), 'utf8'))).size, 5);
});

for (const [status, code, what] of [
  [401, 3, 'the key'],
  [402, 4, 'the money'],
] as const) {
  test(`a ${status} ends it with ${code} and the command to go on: ${what}`, async (context) => {
    const folder = await testFolder(context);
    let answered = 0;
    const endpoint = await startScriptedApi(context, (_, response) => {
      answered += 1;
      if (answered > 5) sendError(response, status, 'No more.');
      else sendAnswer(response);
    });
    await writeInput(join(folder, 'in.jsonl'), 50);
    const args = ['batch', 'run', 'in.jsonl', '-o', 'out.jsonl', '--concurrency', '2'];
    const ended = await runProgram(args, endpoint, folder);
    assert.equal(ended.code, code, ended.stderr);
    assert.match(
      ended.stderr,
      /Stopped with 45 lines left: No more\.[\s\S]*plumb batch run in\.jsonl -o out\.jsonl --concurrency 2/,
    );
    assert.equal(idsIn(await readFile(join(folder, 'out.jsonl'), 'utf8')).length, 5);
    assert.equal(await readFile(join(folder, 'out.errors.jsonl'), 'utf8'), '');
  });
}

test('wrong lines end it with 2 before anything is sent', async (context) => {
  const folder = await testFolder(context);
  const endpoint = await startAnswering(context);
  await writeFile(
    join(folder, 'in.jsonl'),
    '{"custom_id":"a","body":{"model":"m"}}\n\nnonsense\n{"custom_id":"a","body":{"model":"m"}}\n',
  );
  const ended = await runProgram(['batch', 'run', 'in.jsonl', '-o', 'out.jsonl'], endpoint, folder);
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /line 3: is no JSON\nline 4: has the `custom_id` of line 1/);
  assert.equal(endpoint.engine.generations, 0);
  const validated = await runProgram(['batch', 'validate', 'in.jsonl'], endpoint, folder);
  assert.equal(validated.code, 2);
  assert.match(validated.stdout, /^in\.jsonl:3: is no JSON\nin\.jsonl:4: /);
});

test('lines in order are validated without an endpoint', async (context) => {
  const folder = await testFolder(context);
  await writeInput(join(folder, 'in.jsonl'), 1234);
  const ended = await runProgram(
    ['batch', 'validate', 'in.jsonl'],
    { url: 'http://127.0.0.1:1', key: undefined },
    folder,
  );
  assert.deepEqual([ended.code, ended.stdout], [0, '1,234 lines are in order.\n']);
});

test('another body under the same custom_id stops it with 2 unless it is to be asked again', async (context) => {
  const folder = await testFolder(context);
  const endpoint = await startAnswering(context);
  await writeInput(join(folder, 'in.jsonl'), 3);
  const args = ['batch', 'run', 'in.jsonl', '-o', 'out.jsonl'];
  await runProgram(args, endpoint, folder);
  await writeInput(join(folder, 'in.jsonl'), 3, { temperature: 0 });
  const stopped = await runProgram(args, endpoint, folder);
  assert.equal(stopped.code, 2);
  assert.match(stopped.stderr, /another body than the input has now/);
  const again = await runProgram([...args, '--on-change', 'rerun'], endpoint, folder);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(endpoint.engine.generations, 6);
  assert.equal(idsIn(await readFile(join(folder, 'out.jsonl'), 'utf8')).length, 3);
});

test('a dry run sends nothing and tells requests, tokens, cost and time', async (context) => {
  const folder = await testFolder(context);
  const endpoint = await startAnswering(context);
  await writeInput(join(folder, 'in.jsonl'), 700);
  const price = { input_cache_hit: 0.1, input_cache_miss: 1, output: 2 };
  await writeFile(join(folder, 'prices.json'), JSON.stringify({ currency: 'EUR', models: { 'deepseek-chat': price } }));
  const flags = ['--dry-run', '--prices', 'prices.json', '--requests-per-minute', '300'];
  const { code, stdout } = await runProgram(
    ['batch', 'run', 'in.jsonl', '-o', 'out.jsonl', ...flags],
    endpoint,
    folder,
  );
  assert.equal(code, 0);
  assert.match(stdout, /requests +700\n/);
  assert.match(stdout, /tokens out +at most 14,000\n/);
  assert.match(stdout, /cost +0\.00\d+ EUR to 0\.0\d+ EUR/);
  assert.match(stdout, /time +at least 2:00, because of the limit on requests/);
  assert.equal(endpoint.engine.generations, 0);
});

test('the cost is kept, and the rest can be asked later', async (context) => {
  const folder = await testFolder(context);
  const endpoint = await startAnswering(context);
  await writeInput(join(folder, 'in.jsonl'), 100);
  const price = { input_cache_hit: 1000, input_cache_miss: 1000, output: 1000 };
  await writeFile(join(folder, 'prices.json'), JSON.stringify({ models: { 'deepseek-chat': price } }));
  const flags = ['--prices', 'prices.json', '--max-cost', '0.20', '--json'];
  const { code, stdout } = await runProgram(
    ['batch', 'run', 'in.jsonl', '-o', 'out.jsonl', ...flags],
    endpoint,
    folder,
  );
  assert.equal(code, 75);
  const { cost, stopped, pending } = JSON.parse(stdout) as { cost: string; stopped: string; pending: number };
  assert.equal(stopped, 'max_cost');
  assert.ok(Number(cost) > 0 && Number(cost) <= 0.2, cost);
  assert.ok(pending > 0);
});

test('progress for programs is a line of JSON an event, and nothing else on stderr', async (context) => {
  const folder = await testFolder(context);
  const endpoint = await startAnswering(context);
  await writeInput(join(folder, 'in.jsonl'), 5);
  const args = ['batch', 'run', 'in.jsonl', '-o', 'out.jsonl', '--progress', 'json'];
  const { stderr } = await runProgram(args, endpoint, folder);
  const events = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; succeeded: number });
  assert.deepEqual(events.at(-1)?.event, 'progress');
  assert.equal(events.at(-1)?.succeeded, 5);
});

test('results are sorted into the order of the requests', async (context) => {
  const folder = await testFolder(context);
  const endpoint = await startAnswering(context);
  await writeInput(join(folder, 'in.jsonl'), 40);
  await runProgram(['batch', 'run', 'in.jsonl', '-o', 'out.jsonl'], endpoint, folder);
  const lines = (await readFile(join(folder, 'out.jsonl'), 'utf8')).split('\n').slice(0, -1).reverse();
  await writeFile(join(folder, 'out.jsonl'), `${lines.join('\n')}\n`);
  const sorted = await runProgram(['batch', 'sort', 'in.jsonl', 'out.jsonl', '--to', 'sorted.jsonl'], endpoint, folder);
  assert.equal(sorted.code, 0, sorted.stderr);
  assert.deepEqual(
    idsIn(await readFile(join(folder, 'sorted.jsonl'), 'utf8')),
    Array.from({ length: 40 }, (_, index) => `r${index}`),
  );
});

test('Ctrl-C lets what is under way finish, exit code 75, and tells how to go on', async (context) => {
  const folder = await testFolder(context);
  const waiting: (() => void)[] = [];
  const endpoint = await startScriptedApi(context, (_, response) => waiting.push(() => sendAnswer(response)));
  await writeInput(join(folder, 'in.jsonl'), 30);
  const args = ['batch', 'run', 'in.jsonl', '-o', 'out.jsonl', '--concurrency', '3', '--limit', '9'];
  const run = startProgram(args, endpoint, folder);
  await until('three are under way', () => waiting.length === 3);
  run.child.kill('SIGINT');
  await until('it has said so', () => run.stderr().includes('3 requests that are under way may finish'));
  for (const answer of waiting) answer();
  const ended = await run.ended;
  assert.equal(ended.code, 75, ended.stderr);
  assert.match(ended.stderr, /plumb batch run in\.jsonl -o out\.jsonl --concurrency 3 --limit 9/);
  assert.equal(idsIn(await readFile(join(folder, 'out.jsonl'), 'utf8')).length, 3);
});

test('Ctrl-C does not wait for requests that wait to be sent again', async (context) => {
  const folder = await testFolder(context);
  const waiting: (() => void)[] = [];
  const endpoint = await startScriptedApi(context, (_, response) => {
    response.setHeader('retry-after', '3600');
    waiting.push(() => sendError(response, 503));
  });
  await writeInput(join(folder, 'in.jsonl'), 5);
  const run = startProgram(['batch', 'run', 'in.jsonl', '-o', 'out.jsonl', '--concurrency', '2'], endpoint, folder);
  await until('two are under way', () => waiting.length === 2);
  waiting[0]?.();
  run.child.kill('SIGINT');
  await until('it has said so', () => run.stderr().includes('Stopping'));
  waiting[1]?.();
  const { code, stderr } = await run.ended;
  assert.equal(code, 75, stderr);
  assert.deepEqual(idsIn(await readFile(join(folder, 'out.errors.jsonl'), 'utf8')), []);
});

test('Ctrl-C twice gives up what is under way, exit code 130, and the lines stay to be asked', async (context) => {
  const folder = await testFolder(context);
  let isHanging = true;
  let hanging = 0;
  const endpoint = await startScriptedApi(context, (_, response) => {
    if (isHanging) hanging += 1;
    else sendAnswer(response);
  });
  await writeInput(join(folder, 'in.jsonl'), 6);
  const args = ['batch', 'run', 'in.jsonl', '-o', 'out.jsonl'];
  const run = startProgram(args, endpoint, folder);
  await until('all are under way', () => hanging === 6);
  run.child.kill('SIGTERM');
  await until('it has said so', () => run.stderr().includes('may finish'));
  // One key press may arrive twice, so only a later signal counts.
  const firstAt = performance.now();
  await until('it can only be another key press', () => performance.now() - firstAt > 1000);
  run.child.kill('SIGINT');
  const ended = await run.ended;
  assert.equal(ended.code, 130, ended.stderr);
  isHanging = false;
  const resumed = await runProgram(args, endpoint, folder);
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.equal(new Set(idsIn(await readFile(join(folder, 'out.jsonl'), 'utf8'))).size, 6);
});

test('two programs never work on the same output', async (context) => {
  const folder = await testFolder(context);
  const waiting: (() => void)[] = [];
  const endpoint = await startScriptedApi(context, (_, response) => waiting.push(() => sendAnswer(response)));
  await writeInput(join(folder, 'in.jsonl'), 2);
  const args = ['batch', 'run', 'in.jsonl', '-o', 'out.jsonl'];
  const first = startProgram(args, endpoint, folder);
  await until('it is under way', () => waiting.length === 2);
  const second = await runProgram(args, endpoint, folder);
  assert.equal(second.code, 2);
  assert.match(second.stderr, new RegExp(`Another run \\(process ${first.child.pid}\\) works on out\\.jsonl`));
  const status = await runProgram(['batch', 'status', 'out.jsonl', '--json'], endpoint, folder);
  assert.equal((JSON.parse(status.stdout) as { running: boolean }).running, true);
  for (const answer of waiting) answer();
  assert.equal((await first.ended).code, 0);
});

test('stdin is no batch, because it cannot be read twice', async (context) => {
  const folder = await testFolder(context);
  const { code, stderr } = await runProgram(
    ['batch', 'run', '-', '-o', 'out.jsonl'],
    { url: 'http://127.0.0.1:1', key: 'sk-x' },
    folder,
  );
  assert.equal(code, 2);
  assert.match(stderr, /save it first/);
});
