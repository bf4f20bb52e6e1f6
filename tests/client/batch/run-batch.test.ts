/** Specifies a run of a batch against an endpoint in the same process. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Journal, ResultFile, Verdict } from '#client/batch/journal.js';
import { readOutputLine } from '#client/batch/output-line.js';
import { PriceTable } from '#client/batch/price.js';
import { type BatchOptions, type BatchResult, runBatch } from '#client/batch/run-batch.js';
import { until } from '../../support/until.js';
import { answerWith, makeLines, PlayedEndpoint, refuseWith } from './played-endpoint.js';

/** A journal in memory. */
class KeptLines implements Journal {
  readonly runId = '0123456789abcdef';
  files: Record<ResultFile, string[]> = { results: [], errors: [] };
  isClosed = false;

  async restore(visit: (file: ResultFile, line: string) => Verdict): Promise<void> {
    const kept = (file: ResultFile) => this.files[file].filter((line) => visit(file, line) === 'keep');
    this.files = { results: kept('results'), errors: kept('errors') };
    this.isClosed = false;
  }

  async append(file: ResultFile, line: string): Promise<void> {
    this.files[file].push(line);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  ids(file: ResultFile): string[] {
    return this.files[file].map((line) => readOutputLine(line)?.customId ?? '').sort();
  }
}

const PRICES = new PriceTable({ models: { m: { input_cache_hit: 0.1, input_cache_miss: 1, output: 2 } } });

function nameOf(body: Readonly<Record<string, unknown>>): string {
  return (body.messages as { content: string }[])[0]?.content ?? '';
}

test('every line is asked once and its answer kept in the format of OpenAI', async () => {
  const endpoint = new PlayedEndpoint();
  const journal = new KeptLines();
  const summary = await runBatch({ lines: makeLines(3), endpoint, journal });
  assert.equal(summary.succeeded, 3);
  assert.equal(summary.pending, 0);
  assert.equal(summary.stopped, undefined);
  assert.deepEqual(journal.ids('results'), ['a0', 'a1', 'a2']);
  assert.ok(journal.isClosed);
  const line = JSON.parse(journal.files.results[0] ?? '') as Record<string, unknown>;
  assert.deepEqual(Object.keys(line), ['id', 'custom_id', 'response', 'error']);
  assert.match(String(line.id), /^batch_req_[0-9a-f]{32}$/);
  const { body, ...response } = line.response as Record<string, unknown>;
  assert.deepEqual(response, { status_code: 200, request_id: 'request-1' });
  assert.equal((body as { object: string }).object, 'chat.completion');
  assert.equal(line.error, null);
});

test('a request goes to the path of its line, with the headers of the endpoint and a key of its own', async () => {
  const endpoint = new PlayedEndpoint();
  await runBatch({ lines: [{ custom_id: 'a', url: '/v1/completions', body: { model: 'm', prompt: 'x' } }], endpoint });
  const [request] = endpoint.requests;
  assert.equal(request?.url, 'http://endpoint.test/v1/completions');
  assert.equal(request?.headers.get('authorization'), 'Bearer sk-test');
  assert.equal(request?.headers.get('x-kit-priority'), '-1');
  assert.match(request?.headers.get('idempotency-key') ?? '', /^[0-9a-f]{16}:[0-9a-f]{32}$/);
});

test('the idempotency key is the same for the same line of the same run, and another for another body', async () => {
  const keyOf = async (body: object) => {
    const endpoint = new PlayedEndpoint();
    await runBatch({ lines: [{ custom_id: 'a', body: { model: 'm', ...body } }], endpoint, journal: new KeptLines() });
    return endpoint.requests[0]?.headers.get('idempotency-key');
  };
  assert.equal(await keyOf({ seed: 1 }), await keyOf({ seed: 1 }));
  assert.notEqual(await keyOf({ seed: 1 }), await keyOf({ seed: 2 }));
});

test('a line that failed because its key stands for something else is asked with another key', async () => {
  const journal = new KeptLines();
  const conflicting = new PlayedEndpoint(() => refuseWith(409, 'conflict'));
  await runBatch({ lines: makeLines(1), endpoint: conflicting, journal });
  const endpoint = new PlayedEndpoint();
  await runBatch({ lines: makeLines(1), endpoint, journal });
  const [before, after] = [conflicting, endpoint].map(({ requests }) => requests[0]?.headers.get('idempotency-key'));
  assert.notEqual(before, after);
});

test('an answer is kept to the byte, but in one line', async () => {
  const body = '\n\n{"id": "x",\r\n "n": 1.0, "big": 12345678901234567890, "s": "\\n"}';
  const journal = new KeptLines();
  await runBatch({ lines: makeLines(1), endpoint: new PlayedEndpoint(() => new Response(body)), journal });
  assert.match(
    journal.files.results[0] ?? '',
    /"body":\{"id": "x", "n": 1\.0, "big": 12345678901234567890, "s": "\\n"\}\}/,
  );
  assert.equal(journal.files.results[0]?.indexOf('\n'), (journal.files.results[0]?.length ?? 0) - 1);
});

test('a refused line goes to the errors with what the endpoint said', async () => {
  const journal = new KeptLines();
  const endpoint = new PlayedEndpoint(({ body }) => (nameOf(body) === 'a1' ? refuseWith(422) : answerWith()));
  const summary = await runBatch({ lines: makeLines(3), endpoint, journal });
  assert.equal(summary.failed, 1);
  assert.deepEqual(journal.ids('results'), ['a0', 'a2']);
  assert.deepEqual(journal.ids('errors'), ['a1']);
  assert.match(journal.files.errors[0] ?? '', /"status_code":422.*No, because 422/);
});

const NO_ANSWERS: readonly (readonly [name: string, answer: () => Response, code: string])[] = [
  ['no JSON', () => new Response('<html>'), 'invalid_answer'],
  ['an error', () => Response.json({ error: { message: 'Broken.' } }), 'server_error'],
  [
    'an answer that was given up',
    () => Response.json({ choices: [{ finish_reason: 'insufficient_system_resource' }] }),
    'insufficient_system_resource',
  ],
  [
    'a body that breaks off',
    () => new Response(new ReadableStream({ start: (c) => c.error(new Error('cut')) })),
    'connection',
  ],
];
for (const [name, answer, code] of NO_ANSWERS) {
  test(`${name} in a 200 is a failure`, async () => {
    const journal = new KeptLines();
    await runBatch({ lines: makeLines(1), endpoint: new PlayedEndpoint(answer), journal });
    assert.deepEqual(journal.files.results, []);
    assert.equal((JSON.parse(journal.files.errors[0] ?? '') as { error: { code: string } }).error.code, code);
  });
}

test('a second run asks what is left and what failed for reasons that may have passed', async () => {
  const journal = new KeptLines();
  const statuses: Record<string, number> = { a1: 500, a2: 400, a3: 429 };
  const failing = new PlayedEndpoint(({ body }) => {
    const status = statuses[nameOf(body)];
    return status === undefined ? answerWith() : refuseWith(status);
  });
  await runBatch({ lines: makeLines(5), endpoint: failing, journal, limit: 4 });
  assert.deepEqual(journal.ids('errors'), ['a1', 'a2', 'a3']);
  const endpoint = new PlayedEndpoint();
  const summary = await runBatch({ lines: makeLines(5), endpoint, journal });
  assert.deepEqual(endpoint.requests.map(({ body }) => nameOf(body)).sort(), ['a1', 'a3', 'a4']);
  assert.deepEqual(summary.resumed, { succeeded: 1, failed: 1, again: 2, foreign: 0 });
  assert.deepEqual(journal.ids('results'), ['a0', 'a1', 'a3', 'a4']);
  assert.deepEqual(journal.ids('errors'), ['a2']);
});

test('refused lines are asked again when that is asked for, all or by their status', async () => {
  const journal = new KeptLines();
  const statuses = [400, 422];
  const failing = new PlayedEndpoint(({ body }) => refuseWith(statuses[Number(nameOf(body).slice(1))] ?? 500));
  await runBatch({ lines: makeLines(2), endpoint: failing, journal });
  const onlyOne = new PlayedEndpoint(() => refuseWith(422));
  await runBatch({ lines: makeLines(2), endpoint: onlyOne, journal, retryErrors: [422] });
  assert.deepEqual(
    onlyOne.requests.map(({ body }) => nameOf(body)),
    ['a1'],
  );
  assert.deepEqual(journal.ids('errors'), ['a0', 'a1']);
  await runBatch({ lines: makeLines(2), endpoint: new PlayedEndpoint(), journal, retryErrors: true });
  assert.deepEqual(journal.ids('errors'), []);
  assert.deepEqual(journal.ids('results'), ['a0', 'a1']);
});

test('only failed lines are asked when that is asked for', async () => {
  const journal = new KeptLines();
  await runBatch({ lines: makeLines(3), endpoint: new PlayedEndpoint(() => refuseWith(500)), journal, limit: 1 });
  const endpoint = new PlayedEndpoint();
  const summary = await runBatch({ lines: makeLines(3), endpoint, journal, onlyFailed: true });
  assert.equal(endpoint.requests.length, 1);
  assert.equal(summary.pending, 2);
});

test('another body under the same custom_id stops the batch before anything is sent or changed', async () => {
  const journal = new KeptLines();
  await runBatch({ lines: makeLines(2), endpoint: new PlayedEndpoint(), journal });
  const before = structuredClone(journal.files);
  const endpoint = new PlayedEndpoint();
  const lines = [...makeLines(1), ...makeLines(2, { seed: 7 }).slice(1)];
  await assert.rejects(async () => await runBatch({ lines, endpoint, journal }), {
    code: 'invalid_input',
    message: /"a1" is of another body.*--on-change rerun/,
  });
  assert.deepEqual(journal.files, before);
  assert.equal(endpoint.requests.length, 0);
  const summary = await runBatch({ lines, endpoint, journal, onChange: 'rerun' });
  assert.equal(endpoint.requests.length, 1);
  assert.equal(summary.resumed.succeeded, 1);
  assert.deepEqual(journal.ids('results'), ['a0', 'a1']);
});

test('results of lines that were taken out of the input are kept and counted apart', async () => {
  const journal = new KeptLines();
  await runBatch({ lines: makeLines(3), endpoint: new PlayedEndpoint(), journal });
  const summary = await runBatch({ lines: makeLines(2), endpoint: new PlayedEndpoint(), journal });
  assert.deepEqual(summary.resumed, { succeeded: 2, failed: 0, again: 0, foreign: 1 });
  assert.equal(summary.pending, 0);
  assert.deepEqual(journal.ids('results'), ['a0', 'a1', 'a2']);
});

test('nothing is sent when one line is wrong', async () => {
  const endpoint = new PlayedEndpoint();
  const lines = [...makeLines(2), { custom_id: 'a0', body: { model: 'm' } }];
  await assert.rejects(async () => await runBatch({ lines, endpoint }), /line 3: has the `custom_id` of line 1/);
  assert.equal(endpoint.requests.length, 0);
});

test('lines may come from a stream, and a wrong one ends the run there', async () => {
  const endpoint = new PlayedEndpoint();
  async function* lines() {
    yield* makeLines(2);
    yield* makeLines(1);
  }
  await assert.rejects(async () => await runBatch({ lines: lines(), endpoint }), /^KitError: Line 3: .*earlier line/);
  assert.equal(endpoint.requests.length, 2);
});

const OBSTACLES = [
  [401, 'x', 'authentication'],
  [403, 'x', 'authentication'],
  [402, 'x', 'insufficient_balance'],
  [429, 'insufficient_quota', 'insufficient_balance'],
  [503, 'breaker_open', 'breaker_open'],
] as const;
for (const [status, code, reason] of OBSTACLES) {
  test(`a ${status} with ${code} stops the batch as ${reason}, and its line is not lost`, async () => {
    const journal = new KeptLines();
    const endpoint = new PlayedEndpoint(({ body }) =>
      nameOf(body) === 'a2' ? refuseWith(status, code) : answerWith(),
    );
    const stopped = await runBatch({ lines: makeLines(9), endpoint, journal, concurrency: 1 });
    assert.equal(stopped.stopped?.reason, reason);
    assert.deepEqual([stopped.succeeded, stopped.failed, stopped.pending], [2, 0, 7]);
    const summary = await runBatch({ lines: makeLines(9), endpoint: new PlayedEndpoint(), journal });
    assert.equal(summary.succeeded, 7);
    assert.equal(journal.ids('results').length, 9);
  });
}

test('no more calls are open than the concurrency says', async () => {
  const endpoint = new PlayedEndpoint(async () => {
    await new Promise(setImmediate);
    return answerWith();
  });
  await runBatch({ lines: makeLines(50), endpoint, concurrency: 7 });
  assert.equal(endpoint.widest, 7);
});

const WIDTHS = [
  ['a limit on what runs at once: as many and a few that wait', { axis: 'concurrency', limit: 8 }, 5, 40],
  ['a rate: what runs and a reserve that waits', { axis: 'requests', limit: 3000 }, 100, 356],
  ['no limit that is known: 256', { axis: 'requests', limit: undefined }, 100, 256],
] as const;
for (const [name, known, inFlight, width] of WIDTHS) {
  test(`without a concurrency the limiter decides how many calls are open; ${name}`, async () => {
    const endpoint = new PlayedEndpoint(async () => {
      await new Promise(setImmediate);
      return answerWith();
    });
    const axes = [{ ...known, origin: 'learnt', used: 0 }] as const;
    const snapshot = () => ({ axes, inFlight, waiting: 0, binding: undefined, nextAt: undefined, refusals: 0 });
    await runBatch({ lines: makeLines(1000), endpoint, limiter: { snapshot } });
    assert.equal(endpoint.widest, width);
  });
}

test('as many lines are asked as the limit says', async () => {
  const endpoint = new PlayedEndpoint();
  const summary = await runBatch({ lines: makeLines(5), endpoint, limit: 2 });
  assert.equal(endpoint.requests.length, 2);
  assert.equal(summary.stopped?.reason, 'limit');
  assert.equal(summary.pending, 3);
});

test('the run stops before the line that might cost too much', async () => {
  const lines = makeLines(100, { max_tokens: 5 });
  const endpoint = new PlayedEndpoint(() => answerWith({ prompt: 10, answer: 5 }));
  const maxCost = 200_000n;
  const summary = await runBatch({
    lines,
    endpoint,
    prices: PRICES,
    maxCost,
    tokenCounter: { countRequest: () => 10, learn() {} },
    concurrency: 30,
  });
  assert.equal(summary.stopped?.reason, 'max_cost');
  assert.equal(summary.succeeded, 10);
  assert.equal(summary.cost, 200_000n);
});

test('a cost that cannot be kept is refused', async () => {
  assert.throws(() => runBatch({ lines: [], endpoint: new PlayedEndpoint(), maxCost: 1n }), /needs `prices`/);
  const lines = [{ custom_id: 'a', body: { model: 'unknown' } }];
  const endpoint = new PlayedEndpoint();
  await assert.rejects(
    async () => await runBatch({ lines, endpoint, prices: PRICES, maxCost: 1n }),
    /price of "unknown"/,
  );
});

test('cost counts cached tokens at their price, and is unknown where a price is', async () => {
  const endpoint = new PlayedEndpoint(() => answerWith({ prompt: 1000, cached: 900, answer: 100 }));
  const known = await runBatch({ lines: makeLines(1), endpoint, prices: PRICES });
  assert.equal(known.cost, 390_000n);
  assert.deepEqual([known.promptTokens, known.cachedTokens, known.answerTokens], [1000, 900, 100]);
  const unknown = await runBatch({ lines: [{ custom_id: 'a', body: { model: 'x' } }], endpoint, prices: PRICES });
  assert.equal(unknown.cost, undefined);
});

for (const [name, maxErrors] of [
  ['a number', 3],
  ['a part', { part: 0.03 }],
] as const) {
  test(`the run stops when more lines fail than allowed: ${name}`, async () => {
    const endpoint = new PlayedEndpoint(() => refuseWith(400));
    const summary = await runBatch({ lines: makeLines(100), endpoint, maxErrors, concurrency: 1 });
    assert.equal(summary.stopped?.reason, 'max_errors');
    assert.equal(summary.failed, 4);
  });
}

test('stopping lets finish what is in flight and asks nothing more', async () => {
  const gates: (() => void)[] = [];
  const endpoint = new PlayedEndpoint(async () => {
    await new Promise<void>((resolve) => gates.push(resolve));
    return answerWith();
  });
  const run = runBatch({ lines: makeLines(50), endpoint, concurrency: 4 });
  const summary = run.then((done) => done);
  await until('four are in flight', () => gates.length === 4);
  run.stop();
  for (const open of gates) open();
  assert.equal((await summary).stopped?.reason, 'stopped');
  assert.equal((await summary).succeeded, 4);
  assert.equal(endpoint.requests.length, 4);
});

test('stopping gives up calls that were not sent yet, and their lines stay to be asked', async () => {
  const waiting = new Set<string>();
  const gates: (() => void)[] = [];
  const journal = new KeptLines();
  const endpoint = new PlayedEndpoint(({ headers, signal, body }) => {
    if (nameOf(body) === 'a0') return new Promise((resolve) => gates.push(() => resolve(answerWith())));
    waiting.add(headers.get('idempotency-key') ?? '');
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  });
  const isWaiting = (key: string) => waiting.has(key);
  const run = runBatch({ lines: makeLines(50), endpoint, journal, concurrency: 4, isWaiting });
  const summary = run.then((done) => done);
  await until('three wait', () => waiting.size === 3);
  run.stop();
  assert.equal(run.progress().inFlight, 1);
  for (const open of gates) open();
  assert.deepEqual([(await summary).succeeded, (await summary).failed, (await summary).pending], [1, 0, 49]);
  assert.deepEqual(journal.ids('results'), ['a0']);
});

test('a run whose limit is reached gives up nothing', async () => {
  const endpoint = new PlayedEndpoint(async () => {
    await new Promise(setImmediate);
    return answerWith();
  });
  const summary = await runBatch({ lines: makeLines(50), endpoint, limit: 7, isWaiting: () => true });
  assert.deepEqual([summary.succeeded, summary.stopped?.reason], [7, 'limit']);
});

test('aborting gives up what is in flight and rejects with the reason', async () => {
  const controller = new AbortController();
  const journal = new KeptLines();
  const endpoint = new PlayedEndpoint(
    ({ signal }) => new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
  );
  const run = runBatch({ lines: makeLines(50), endpoint, journal, signal: controller.signal, concurrency: 4 });
  const ended = assert.rejects(async () => await run, /enough/);
  await until('four are in flight', () => endpoint.requests.length === 4);
  controller.abort(new Error('enough'));
  await ended;
  assert.ok(journal.isClosed);
  assert.deepEqual(journal.files, { results: [], errors: [] });
});

test('a journal that fails ends the run with its error, and nothing more is asked', async () => {
  class Full extends KeptLines {
    override append(): Promise<void> {
      return Promise.reject(new Error('The disk is full.'));
    }
  }
  const endpoint = new PlayedEndpoint();
  await assert.rejects(
    async () => await runBatch({ lines: makeLines(500), endpoint, journal: new Full(), concurrency: 4 }),
    /disk is full/,
  );
  assert.ok(endpoint.requests.length <= 8);
});

test('iterated over, a run hands out each result and then its summary', async () => {
  const run = runBatch({ lines: makeLines(300), endpoint: new PlayedEndpoint() });
  const results: BatchResult[] = [];
  for await (const result of run) results.push(result);
  assert.equal(new Set(results.map(({ customId }) => customId)).size, 300);
  assert.deepEqual(results[0]?.tokens, { prompt: 10, cached: 0, answer: 5 });
  assert.equal((await run).succeeded, 300);
});

test('a slow consumer holds the run back', async () => {
  const endpoint = new PlayedEndpoint();
  const iterator = runBatch({ lines: makeLines(5000), endpoint, concurrency: 10 })[Symbol.asyncIterator]();
  await iterator.next();
  for (let turn = 0; turn < 1000; turn += 1) await new Promise(setImmediate);
  assert.ok(endpoint.requests.length < 100, `${endpoint.requests.length} requests`);
  await iterator.return?.();
});

test('a consumer that leaves stops the run', async () => {
  const endpoint = new PlayedEndpoint();
  const run = runBatch({ lines: makeLines(5000), endpoint, concurrency: 10 });
  for await (const _ of run) break;
  assert.equal((await run).stopped?.reason, 'stopped');
  assert.ok(endpoint.requests.length < 100);
});

test('an error reaches who iterates', async () => {
  const lines = [{ custom_id: '', body: {} }];
  await assert.rejects(async () => {
    for await (const _ of runBatch({ lines, endpoint: new PlayedEndpoint() })) assert.fail();
  }, /Nothing was sent/);
});

test('an empty batch is done at once', async () => {
  const summary = await runBatch({ lines: [], endpoint: new PlayedEndpoint() });
  assert.deepEqual([summary.succeeded, summary.pending, summary.stopped], [0, 0, undefined]);
});

test('progress tells what was resumed apart, the limiter, and what the rest will cost and take', async () => {
  let now = 1_000_000;
  const clock = { now: () => now, after: () => () => {} };
  const axes = [{ axis: 'requests', limit: 60, origin: 'given', used: 60 }] as const;
  const state = { axes, inFlight: 1, waiting: 3, binding: 'requests', nextAt: undefined, refusals: 2 } as const;
  const journal = new KeptLines();
  await runBatch({ lines: makeLines(1), endpoint: new PlayedEndpoint(), journal });
  const options: BatchOptions = {
    lines: makeLines(301),
    endpoint: new PlayedEndpoint(() => {
      now += 100;
      return answerWith({ prompt: 10, answer: 5 });
    }),
    journal,
    clock,
    prices: PRICES,
    limit: 60,
    limiter: { snapshot: () => state },
    retries: () => 4,
    concurrency: 1,
  };
  const run = runBatch(options);
  for await (const _ of run) {
    const progress = run.progress();
    if (progress.succeeded < 30) continue;
    assert.equal(progress.total, 301);
    assert.equal(progress.resumed.succeeded, 1);
    assert.equal(progress.retries, 4);
    assert.equal(progress.limiter?.binding, 'requests');
    assert.equal(progress.cost, 20_000n * BigInt(progress.succeeded));
    assert.equal(progress.projectedCost, 20_000n * 60n);
    break;
  }
});
