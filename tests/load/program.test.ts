/** `plumb load` as people run it: the real program against a real server, and against ones that fail. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { LoadReport } from '#server/load/report/load-report.js';
import { type Endpoint, runProgram, startProgram, testFolder } from '../cli-batch/run-plumb.js';
import { sendError, startScriptedApi } from '../cli-batch/scripted-api.js';
import { AnsweringEngine } from '../support/answering-engine.js';
import { startPlumb } from '../support/plumb.js';

async function startAnswering(context: TestContext) {
  const server = await startPlumb({ engine: new AnsweringEngine() });
  context.after(() => server.stop());
  return { url: server.url, key: server.key };
}

async function readReport(path: string): Promise<LoadReport> {
  return JSON.parse(await readFile(path, 'utf8')) as LoadReport;
}

test('a load on a real server is measured, and told on stdout, as JSON and as a page', async (context) => {
  const folder = await testFolder(context);
  const endpoint = await startAnswering(context);
  const args = ['load', '--rate', '50rps', '--requests', '100', '--warm-up', '200ms', '--stream-share', '50%'];
  const files = ['--json', 'load.json', '--report', 'load.html', '--objective', 'e2e<60s'];
  const { code, stdout, stderr } = await runProgram([...args, ...files], endpoint, folder);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^requests +100 due, 100 answered, 0 failed, 0 dropped/m);
  assert.match(stdout, /^goodput +100 %/m);
  assert.match(stderr, /Load on http.*open, poisson arrivals, 50 requests\/s; deepseek-chat/);
  const report = await readReport(join(folder, 'load.json'));
  assert.deepEqual([report.tokens.prompt, report.tokens.answer], [300, 100]);
  assert.ok(report.requests.streamed > 25 && report.requests.streamed < 75);
  assert.equal(report.latencies.ttft.histogram.count, report.requests.streamed);
  const page = await readFile(join(folder, 'load.html'), 'utf8');
  for (const text of [stdout, stderr, page, JSON.stringify(report)]) assert.ok(!text.includes(endpoint.key));
});

test('a closed loop tells programs how it goes, once a second and at the end', async (context) => {
  const folder = await testFolder(context);
  const endpoint = await startAnswering(context);
  const args = [
    'load',
    '--concurrency',
    '4',
    '--requests',
    '40',
    '--no-stream',
    '--progress',
    'json',
    '-m',
    'deepseek-chat',
  ];
  const { code, stderr } = await runProgram(args, endpoint, folder);
  assert.equal(code, 0, stderr);
  const events = stderr.split('\n').filter((line) => line.startsWith('{'));
  const last = JSON.parse(events.at(-1) ?? '{}') as Record<string, unknown>;
  assert.deepEqual(
    [last.event, last.due, last.answered, last.in_flight, last.ttft_p50_ms],
    ['progress', 40, 40, 0, null],
  );
});

test('two loads are compared', async (context) => {
  const folder = await testFolder(context);
  const endpoint = await startAnswering(context);
  for (const name of ['a', 'b']) {
    const args = ['load', '--concurrency', '2', '--requests', '30', '--json', `${name}.json`];
    assert.equal((await runProgram(args, endpoint, folder)).code, 0);
  }
  const { code, stdout } = await runProgram(['load', 'compare', 'a.json', 'b.json'], endpoint, folder);
  assert.equal(code, 0);
  assert.match(stdout, /^first token p50 .* to /m);
  const asJson = await runProgram(['load', 'compare', 'a.json', 'b.json', '--format', 'json'], endpoint, folder);
  assert.ok((JSON.parse(asJson.stdout) as { comparisons: object[] }).comparisons.length > 5);
  await writeFile(join(folder, 'c.json'), '{}');
  const refused = await runProgram(['load', 'compare', 'a.json', 'c.json'], endpoint, folder);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /c\.json cannot be compared: It is no report/);
});

/** Answers at once, and not at all for a second from the first request of its third half second on. */
async function startStalling(context: TestContext): Promise<Endpoint> {
  const waiting: ServerResponse[] = [];
  let begunAt: number | undefined;
  const answer = (response: ServerResponse) =>
    void response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }], usage: {} }));
  let isOver = false;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      begunAt ??= performance.now();
      if (isOver || performance.now() - begunAt < 1000) return answer(response);
      waiting.push(response);
      if (waiting.length > 1) return;
      setTimeout(() => {
        isOver = true;
        for (const each of waiting) answer(each);
      }, 1000);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, key: 'none' };
}

test('a server that stalls for a second is seen to: an open loop does not wait for it', async (context) => {
  const folder = await testFolder(context);
  const endpoint = await startStalling(context);
  const args = ['load', '--rate', '100rps', '--duration', '4s', '--arrivals', 'uniform', '--no-stream', '-m', 'm'];
  const { code, stderr } = await runProgram([...args, '--json', 'load.json'], endpoint, folder);
  assert.equal(code, 0, stderr);
  const { latencies, requests, timeline } = await readReport(join(folder, 'load.json'));
  assert.equal(requests.due, 400);
  // A quarter of all requests is due within the stall. A busy machine can only make this longer.
  assert.ok((latencies.e2e.p99 ?? 0) > 900, `${latencies.e2e.p99}`);
  assert.ok((latencies.e2e.p90 ?? 0) > 400, `${latencies.e2e.p90}`);
  assert.ok(Math.max(...timeline.slices.map(({ in_flight_max }) => in_flight_max)) > 50);
});

test('Ctrl-C ends it in good order, with what was measured', async (context) => {
  const folder = await testFolder(context);
  const endpoint = await startAnswering(context);
  const args = ['load', '--rate', '50rps', '--duration', '1h', '--progress', 'json', '--report', 'load.html'];
  const running = startProgram(args, endpoint, folder);
  await new Promise<void>((resolve) => {
    running.child.stderr?.on('data', () => {
      if (/"answered":[1-9]/.test(running.stderr())) resolve();
    });
  });
  running.child.kill('SIGINT');
  const { code, stdout, stderr } = await running.ended;
  assert.equal(code, 130, stderr);
  assert.match(stdout, /^requests +\d+ due, [1-9]\d* answered/m);
  assert.match(stderr, /Stopped before its end/);
  assert.match(await readFile(join(folder, 'load.html'), 'utf8'), /Stopped before its end/);
});

test('Ctrl-C twice gives up what is in flight, and counts it', async (context) => {
  const folder = await testFolder(context);
  let asked = 0;
  const endpoint = await startScriptedApi(context, () => {
    asked += 1;
  });
  const running = startProgram(['load', '--concurrency', '3', '-m', 'm', '--json', 'load.json'], endpoint, folder);
  await until(() => asked === 3);
  running.child.kill('SIGINT');
  await until(() => running.stderr().includes('Stopping: 3 requests are in flight'));
  // Signals that are close together are one key press.
  const again = setInterval(() => running.child.kill('SIGINT'), 200);
  const { code } = await running.ended;
  clearInterval(again);
  assert.equal(code, 130);
  assert.equal((await readReport(join(folder, 'load.json'))).requests.unfinished, 3);
});

for (const [status, code] of [
  [401, 3],
  [402, 4],
  [400, 1],
] as const) {
  test(`an endpoint that answers nothing but ${status} ends it soon, with ${code}`, async (context) => {
    const folder = await testFolder(context);
    let asked = 0;
    const endpoint = await startScriptedApi(context, (_, response) => {
      asked += 1;
      sendError(response, status, `No: ${endpoint.key}`);
    });
    const args = ['load', '--rate', '100rps', '--duration', '1h', '-m', 'm', '--json', 'load.json'];
    const ended = await runProgram(args, endpoint, folder);
    assert.equal(ended.code, code, ended.stderr);
    assert.match(ended.stderr, new RegExp(`No request was answered. status ${status}: No: sk-…`));
    assert.ok(asked >= 10);
    const written = await readFile(join(folder, 'load.json'), 'utf8');
    for (const text of [written, ended.stdout, ended.stderr]) assert.ok(!text.includes(endpoint.key ?? ''));
  });
}

test('goodput below what was wanted ends it with 1', async (context) => {
  const folder = await testFolder(context);
  const endpoint = await startAnswering(context);
  const args = ['load', '--concurrency', '1', '--requests', '5', '--objective', 'e2e<1us', '--min-goodput', '99%'];
  const { code, stderr } = await runProgram(args, endpoint, folder);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /Goodput is 0 %, and less than 99\.0 %/);
});

const REFUSED: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [[], /Say how much load/],
  [['--rate', '5rps', '--concurrency', '3'], /Only one of/],
  [['--rate', 'fast'], /20rps or 90rpm/],
  [['--rate', '0'], /more than 0/],
  [['--stages', '10rps'], /10rps:30s/],
  [['--stages', '0rps:5s'], /must have a rate/],
  [['--stages', '5rps:5s', '--duration', '5s'], /leave out --duration/],
  [['--rate', '5', '--duration', '5'], /with its unit/],
  [['--rate', '5', '--arrivals', 'never'], /poisson, uniform/],
  [['--arrivals', 'missing.csv'], /missing\.csv/],
  [['--rate', '5', '--prompt-tokens', '0'], /median and 95th percentile/],
  [['--rate', '5', '--stream-share', '2'], /0\.3 or 30%/],
  [['--rate', '5', '--objective', 'fast'], /ttft<500ms/],
  [['--rate', '5', '--objective', 'ttft<1s', '--no-stream'], /add e2e/],
  [['--rate', '5', '--input', 'missing.jsonl'], /missing\.jsonl/],
  [['--rate', '5', '-m', 'm', '--json', 'no/folder/load.json'], /no\/folder/],
  [['--rate', '5', 'word'], /too many arguments|unknown command/],
];

test('what cannot be meant is refused with what could, and nothing is sent', async (context) => {
  const folder = await testFolder(context);
  let asked = 0;
  const endpoint = await startScriptedApi(context, (_, response) => {
    asked += 1;
    sendError(response, 500);
  });
  for (const [args, message] of REFUSED) {
    const { code, stderr } = await runProgram(['load', ...args], endpoint, folder);
    assert.ok(code === 2 || code === 1, `${args.join(' ')}: ${code}`);
    assert.match(stderr, message, args.join(' '));
  }
  assert.equal(asked, 0);
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}
