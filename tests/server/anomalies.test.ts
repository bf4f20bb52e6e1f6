/**
 * The N-th call to the store, the limiter or the engine fails, for N = 1, 2, 3 … until a request makes fewer calls than
 * that: whichever it is, the request ends with an answer or an error, what was taken comes back, and the books add up.
 */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { serviceUnavailable } from '@plumb/wire';
import type { Engine } from '#server/engines/engine.js';
import type { Limiter } from '#server/limits/index.js';
import type { Access } from '#server/store/open-access.js';
import { StoreError } from '#server/store/store-error.js';
import { AnsweringEngine } from '../support/answering-engine.js';
import { Operator } from '../support/operator.js';
import { startPlumb } from '../support/plumb.js';
import { PRICED_MODEL } from '../support/priced-model.js';

const SETTINGS = {
  models: [PRICED_MODEL],
  tiers: { test: { requests_per_minute: 1000, tokens_per_minute: 1000, concurrent_requests: 1 } },
  default_tier: 'test',
};
const CHAT = { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 100 };
const ANSWER_TOKENS = 15;

/** Once a minute it is noted beside a request that its key was used (tests/accounts): it would shift the numbers of the rest. */
const BESIDE = 'keys.recordUse';

/** More calls than a request makes. */
const CALLS_MAX = 50;

/**
 * `before`: the call does nothing. `after`: it does what it should, and then fails, as a connection that is lost does. A
 * limiter fails before alone: what one that fails afterwards has taken comes back with its lease (tests/limits).
 */
type Failing = 'before' | 'after';

/** Counts calls, and lets the N-th one fail. */
class Saboteur {
  readonly failing: Failing;
  readonly #error: () => Error;
  #callsLeft = 0;
  /** The call that failed. */
  failed: string | undefined;

  constructor(failing: Failing, error: () => Error) {
    this.failing = failing;
    this.#error = error;
  }

  /** Lets the call with this number, counted from now, fail. */
  arm(call: number): void {
    this.#callsLeft = call;
    this.failed = undefined;
  }

  disarm(): void {
    this.#callsLeft = 0;
  }

  /** An object whose methods fail when it is their turn. */
  wrap<Port extends object>(port: Port, name: string): Port {
    return new Proxy(port, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== 'function') return value;
        const method = value as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => this.#call(`${name}.${String(property)}`, () => method.apply(target, args));
      },
    });
  }

  #call(name: string, call: () => unknown): unknown {
    if (name === BESIDE) return call();
    this.#callsLeft -= 1;
    if (this.#callsLeft !== 0) return call();
    this.failed = name;
    if (this.failing === 'before') throw this.#error();
    const done = call();
    if (!(done instanceof Promise)) throw this.#error();
    return done.then(() => {
      throw this.#error();
    });
  }
}

/** An engine whose failing `generate` tells its sink, as the port demands. */
function sabotageEngine(engine: Engine, saboteur: Saboteur): Engine {
  const wrapped = saboteur.wrap(engine, 'engine');
  return {
    description: () => engine.description(),
    ready: () => engine.ready(),
    countPromptTokens: (job) => wrapped.countPromptTokens(job),
    close: () => engine.close(),
    generate(job, sink) {
      try {
        return wrapped.generate(job, sink);
      } catch {
        queueMicrotask(() => sink.onFailure(serviceUnavailable()));
        return { abort() {} };
      }
    },
  };
}

async function start(context: TestContext, saboteur: Saboteur) {
  const engine = new AnsweringEngine({ prompt: 10, completion: 5 });
  const wrapAccess = (access: Access): Access => ({
    ...access,
    keys: saboteur.wrap(access.keys, 'keys'),
    ledger: saboteur.wrap(access.ledger, 'ledger'),
    keptAnswers: saboteur.wrap(access.keptAnswers, 'keptAnswers'),
  });
  const wrapLimiter = (limiter: Limiter): Limiter =>
    saboteur.failing === 'before' ? saboteur.wrap(limiter, 'limiter') : limiter;
  const plumb = await startPlumb({
    engine: sabotageEngine(engine, saboteur),
    settings: SETTINGS,
    start: { wrapAccess, wrapLimiter },
  });
  context.after(() => plumb.stop());
  const operator = await Operator.open(context, { dataDir: plumb.dataDir });
  await operator.fund(plumb.account.id, '1000');
  return { plumb, operator };
}

type Started = Awaited<ReturnType<typeof start>>;

/** How a request ended, after its whole body was read; it may have an idempotency key. */
async function ending({ plumb }: Started, stream: boolean, key?: string): Promise<'answered' | 'refused'> {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  const response = await plumb.request('/v1/chat/completions', { body: { ...CHAT, stream }, headers });
  const text = await response.text();
  if (stream && response.status === 200) return text.endsWith('data: [DONE]\n\n') ? 'answered' : 'refused';
  const body = JSON.parse(text) as object;
  assert.equal('error' in body, response.status !== 200);
  assert.notEqual(response.status, 401, 'a store that fails is no wrong key');
  assert.equal(response.headers.get('content-type'), 'application/json');
  return 'error' in body ? 'refused' : 'answered';
}

/** Everything that was taken has come back, and what was charged is what was answered. */
async function assertAtRest({ plumb, operator }: Started, answered: number): Promise<void> {
  const { ledger } = plumb.server.platform;
  while (ledger.backlog > 0) {
    await ledger.flush();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await operator.assertSettled();
  const usage = await operator.usage();
  const completed = usage.filter(({ outcome }) => outcome === 'completed');
  assert.equal(completed.length, answered);
  const paid = usage.reduce((sum, { cost }) => sum + cost, 0n);
  const { granted, toppedUp } = await operator.balanceOf(plumb.account.id);
  assert.equal(granted + toppedUp, 1_000_000_000_000n - paid);
}

/** Lets each call of a request fail, and sends the request again each time. Returns the calls that failed. */
async function sabotageEach(
  started: Started,
  saboteur: Saboteur,
  stream: boolean,
  isKeyed: boolean,
): Promise<string[]> {
  const failed: string[] = [];
  let answered = 0;
  for (let call = 1; call <= CALLS_MAX; call++) {
    const key = isKeyed ? `key ${call}` : undefined;
    saboteur.arm(call);
    const first = await ending(started, stream, key);
    if (first === 'answered') answered += 1;
    await assertAtRest(started, answered);
    const { failed: name } = saboteur;
    saboteur.disarm();
    // The place of the only request at a time is free again, at once, and so is the key of a request that failed.
    assert.equal(await ending(started, stream, key), 'answered', `after ${name} failed`);
    if (!isKeyed || first === 'refused') answered += 1;
    await assertAtRest(started, answered);
    if (name === undefined) break;
    failed.push(name);
  }
  assert.ok(failed.length < CALLS_MAX, 'a request makes fewer calls than that');
  assert.ok(ANSWER_TOKENS * answered < 1000, 'the limit of tokens was none of the reasons');
  return isKeyed ? [...failed, ...(await sabotageReplay(started, saboteur, stream, answered))] : failed;
}

/** The same for a request whose answer is kept: nothing is charged, and the answer stays. */
async function sabotageReplay(started: Started, saboteur: Saboteur, stream: boolean, answered: number) {
  const failed: string[] = [];
  for (let call = 1; call <= CALLS_MAX; call++) {
    saboteur.arm(call);
    await ending(started, stream, 'key 1');
    const { failed: name } = saboteur;
    saboteur.disarm();
    assert.equal(await ending(started, stream, 'key 1'), 'answered', `after ${name} failed`);
    await assertAtRest(started, answered);
    if (name === undefined) break;
    failed.push(name);
  }
  return failed;
}

const KINDS = [
  ['an outage', () => new StoreError('unavailable', 'sabotage')],
  ['a fault', () => new Error('sabotage')],
] as const;

for (const isKeyed of [false, true]) {
  for (const stream of [true, false]) {
    for (const failing of ['before', 'after'] as const) {
      for (const [kind, error] of KINDS) {
        const form = `${stream ? 'a streamed' : 'a buffered'} request${isKeyed ? ' with an Idempotency-Key' : ''}`;
        describe(`${kind} ${failing === 'before' ? 'instead of' : 'after'} the N-th call of ${form}`, () => {
          test('loses nothing and keeps nothing, for each N', async (context) => {
            const saboteur = new Saboteur(failing, error);
            const started = await start(context, saboteur);
            const failed = await sabotageEach(started, saboteur, stream, isKeyed);
            const expected = ['keys.revision', 'engine.countPromptTokens', 'ledger.apply', 'engine.generate'];
            if (failing === 'before') expected.push('limiter.admit');
            if (isKeyed) expected.push('keptAnswers.find');
            for (const name of expected) {
              assert.ok(failed.includes(name), `${name} was among the calls: ${failed.join(', ')}`);
            }
          });
        });
      }
    }
  }
}
