/**
 * What all duties of the server cost, held against a proxy in Node that has none: processor time a request, both in the
 * same short rounds by turns, the median of the rounds. Milliseconds and requests a second say more about the machine.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Pool } from 'undici';
import { Operator } from '../support/operator.js';
import { until } from '../support/until.js';
import { HAS_SCHEDSTAT, type MeasuredProcess, startMeasured } from './support/measured-process.js';
import { type PlainUpstream, startPlainUpstream } from './support/plain-upstream.js';

/**
 * The most processor time that a buffered request may take, in times that of the bare proxy: well above what is measured
 * on a quiet machine, and below what a step costs that does not belong on the way of a request.
 */
const RATIO_MAX = 5;

const ROUNDS = 9;
const ROUND_MS = 1_000;
/** The compiler needs some thousands of requests before it has seen everything. */
const WARM_UP_MS = 2_000;
const CONNECTIONS = 32;

const BODY = JSON.stringify({
  model: 'deepseek-chat',
  max_tokens: 64,
  messages: [
    { role: 'system', content: 'You are a helpful assistant.' },
    { role: 'user', content: 'What is a gateway judged by? Answer in one sentence, please.' },
  ],
});

test('a buffered request costs no more than a few times the processor time of a bare proxy', {
  skip: HAS_SCHEDSTAT ? false : 'there is no /proc/self/schedstat',
}, async (context) => {
  const upstream = await startPlainUpstream();
  context.after(() => upstream.close());
  const bare = await startMeasured('bare-program.js', [upstream.url]);
  context.after(() => bare.stop());
  const plumb = await startFundedPlumb(context, upstream);
  for (const subject of [bare, plumb]) await measure(subject, WARM_UP_MS);
  const ratios = [];
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? [bare, plumb] : [plumb, bare];
    const costs = new Map<MeasuredProcess, number>();
    for (const subject of order) costs.set(subject, await measure(subject, ROUND_MS));
    ratios.push(costs.get(plumb)! / costs.get(bare)!);
  }
  const sorted = ratios.toSorted((one, other) => one - other);
  const median = sorted[ROUNDS >> 1]!;
  context.diagnostic(`${median.toFixed(2)} times (${sorted[0]!.toFixed(2)} to ${sorted.at(-1)!.toFixed(2)})`);
  assert.ok(median <= RATIO_MAX, `a request costs ${median.toFixed(2)} times that of a bare proxy`);
});

async function startFundedPlumb(context: TestContext, upstream: PlainUpstream): Promise<MeasuredProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), 'plumb-ratio-'));
  context.after(() => rm(dataDir, { recursive: true, force: true }));
  const plumb = await startMeasured('plumb-program.js', [dataDir, upstream.url]);
  context.after(() => plumb.stop());
  const operator = await Operator.open(context, { dataDir });
  const [account] = await operator.access.administration.accounts.listAccounts({ limit: 1 });
  await operator.fund(account!.account.id, '1000000');
  await until('the engine is found well', async () => (await fetch(`${plumb.url}/readyz`)).ok);
  return plumb;
}

/** Sends for so long as many requests at a time as there are connections; returns µs of the server for each. */
async function measure(subject: MeasuredProcess, lengthMs: number): Promise<number> {
  const pool = new Pool(subject.url, { connections: CONNECTIONS });
  const headers = { authorization: `Bearer ${subject.key}`, 'content-type': 'application/json' };
  let answered = 0;
  const before = subject.cpuMicroseconds();
  const end = performance.now() + lengthMs;
  const work = async () => {
    while (performance.now() < end) {
      const answer = await pool.request({ path: '/v1/chat/completions', method: 'POST', headers, body: BODY });
      const text = await answer.body.text();
      assert.equal(answer.statusCode, 200, text);
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  const spent = subject.cpuMicroseconds() - before;
  await pool.close();
  return spent / answered;
}
