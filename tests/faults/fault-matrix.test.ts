/**
 * Every way in which an engine elsewhere can fail, buffered and streamed, alone and with another engine beside it: what
 * the client sees, what is charged, and how long it took.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { ANSWER } from '../support/answering-engine.js';
import { BEHAVIOURS, type BehaviourName, startFaultyUpstream } from '../support/faulty-upstream.js';
import { Operator } from '../support/operator.js';
import { startPlumb } from '../support/plumb.js';
import { PRICED_MODEL } from '../support/priced-model.js';

/** What cannot be reached is an address; everything else is what an upstream does. */
type Fault = 'refused' | 'DNS' | 'TLS' | Exclude<BehaviourName, 'well'>;

const UNREACHABLE = ['refused', 'DNS', 'TLS'] as const;
const FAULTS: readonly Fault[] = [
  ...UNREACHABLE,
  ...(Object.keys(BEHAVIOURS) as BehaviourName[]).filter(
    (name): name is Exclude<BehaviourName, 'well'> => name !== 'well',
  ),
];

/** The time-outs of the pool, in ms. */
const FIRST_EVENT_TIMEOUT_MS = 400;
const IDLE_TIMEOUT_MS = 300;
/** Nothing of this takes longer, on however busy a machine, unless it waits for something that does not come. */
const SOON_MS = 10_000;

interface Expectation {
  /** How the answer ends. `cut`: status 200, and an error as the last event. */
  readonly ends: 'answered' | 'refused' | 'cut';
  /** The least that it takes, in ms. */
  readonly atLeastMs?: number;
  readonly retryAfter?: string;
}

function expectation(fault: Fault, stream: boolean, engines: 1 | 2): Expectation {
  if (fault === 'slow') return { ends: 'answered' };
  const atLeastMs = timeOf(fault);
  const isMidStream = fault.endsWith('mid-stream');
  // What has reached the client cannot begin again on another engine.
  if (isMidStream && stream) return { ends: 'cut', atLeastMs };
  if (engines === 2) return { ends: 'answered', atLeastMs };
  return { ends: 'refused', atLeastMs, ...(fault === '429' ? { retryAfter: '7' } : {}) };
}

function timeOf(fault: Fault): number {
  if (fault === 'hang mid-stream') return IDLE_TIMEOUT_MS;
  return fault.startsWith('hang') ? FIRST_EVENT_TIMEOUT_MS : 0;
}

/** The address of an engine that has this fault. */
async function addressOf(context: TestContext, fault: Fault): Promise<string> {
  if (fault === 'DNS') return 'http://engine.invalid:8000/v1';
  if (fault === 'refused') return `http://127.0.0.1:${await unusedPort()}/v1`;
  const upstream = await startFaultyUpstream(fault === 'TLS' ? 'well' : fault);
  context.after(() => upstream.close());
  return fault === 'TLS' ? upstream.url.replace('http:', 'https:') : upstream.url;
}

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function start(context: TestContext, fault: Fault, engines: 1 | 2) {
  const well = await startFaultyUpstream('well');
  context.after(() => well.close());
  const faulty = { kind: 'openai', url: await addressOf(context, fault), api_key: 'sk-upstream-secret' };
  const pool = {
    engines: { faulty, ...(engines === 2 ? { well: { kind: 'openai', url: well.url, priority: 2 } } : {}) },
    first_event_timeout_s: FIRST_EVENT_TIMEOUT_MS / 1000,
    idle_timeout_s: IDLE_TIMEOUT_MS / 1000,
    // Only requests tell what an engine is like: probes would find some faults before them.
    health_interval_s: 3600,
  };
  const settings = { models: [{ ...PRICED_MODEL, pool: 'far' }], pools: { far: pool }, default_tier: 'unlimited' };
  const plumb = await startPlumb({ settings, start: { model: {} } });
  context.after(() => plumb.stop());
  const operator = await Operator.open(context, { dataDir: plumb.dataDir });
  await operator.fund(plumb.account.id, '1');
  return { plumb, operator };
}

/** Splits what a client received into how it ended and what it was. */
function readEnding(status: number, text: string, stream: boolean): { ends: Expectation['ends']; answer: string } {
  if (status !== 200) return { ends: 'refused', answer: '' };
  if (!stream) return { ends: 'answered', answer: JSON.parse(text).choices[0].message.content };
  const events = text
    .trim()
    .split('\n\n')
    .map((event) => event.replace(/^data: /, ''));
  if (events.at(-1) === '[DONE]') {
    const pieces = events.slice(0, -1).map((event) => JSON.parse(event).choices[0].delta.content ?? '');
    return { ends: 'answered', answer: pieces.join('') };
  }
  assert.equal(JSON.parse(events.at(-1)!).error.type, 'service_unavailable_error');
  return { ends: 'cut', answer: '' };
}

for (const engines of [1, 2] as const) {
  for (const stream of [false, true]) {
    describe(`${engines === 1 ? 'one engine' : 'two engines'}, ${stream ? 'streamed' : 'buffered'}`, () => {
      for (const fault of FAULTS) {
        const expected = expectation(fault, stream, engines);
        test(`${fault}: the request is ${expected.ends}`, async (context) => {
          const { plumb, operator } = await start(context, fault, engines);
          const body = { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 50, stream };
          const startedAt = performance.now();
          const response = await plumb.chat(body);
          const text = await response.text();
          const tookMs = performance.now() - startedAt;

          const { ends, answer } = readEnding(response.status, text, stream);
          assert.equal(ends, expected.ends, text);
          if (ends === 'answered') assert.equal(answer, ANSWER);
          if (ends === 'refused') {
            assert.equal(response.status, 503);
            assert.equal(JSON.parse(text).error.type, 'service_unavailable_error');
            assert.ok(Number(response.headers.get('retry-after')) >= 1);
          }
          if (expected.retryAfter !== undefined) assert.equal(response.headers.get('retry-after'), expected.retryAfter);
          assert.doesNotMatch(text, /secret|127\.0\.0\.1|engine\.invalid/, 'nothing of the inside is shown');
          assert.doesNotMatch(JSON.stringify(plumb.lines), /sk-upstream-secret/);

          assert.ok(tookMs >= (expected.atLeastMs ?? 0) - 5 && tookMs < SOON_MS, `it took ${tookMs} ms`);
          const paid = ends === 'answered' ? 1 : 0;
          while (plumb.server.platform.ledger.backlog > 0) await new Promise((resolve) => setImmediate(resolve));
          await operator.assertSettled();
          const charges = (await operator.entriesOf(plumb.account.id)).filter(({ kind }) => kind === 'charge');
          assert.equal(charges.length, paid, 'only an answer is paid for');
        });
      }
    });
  }
}
