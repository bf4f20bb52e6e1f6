/** Who may leave, and when: priorities, turns, deadlines, giving up, and passing somebody who is too big. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KitError } from '#client/errors/kit-error.js';
import { createLimiter, type LimiterOptions } from '#client/limiter/create-limiter.js';
import type { LimiterEvent } from '#client/limiter/events.js';
import type { Admission, Permit } from '#client/limiter/limiter.js';
import { VirtualClock } from '#client/plan/virtual-clock.js';

const PLAIN: Admission = { promptTokens: 10, answerTokensMax: 10 };
/** The window and the first guard. */
const REOPENS_MS = 60_250;

/** A limiter, and who has left it, in order. */
function open(options: Omit<LimiterOptions, 'clock'>) {
  const clock = new VirtualClock(1000);
  const limiter = createLimiter({ ...options, clock });
  const left: string[] = [];
  const permits = new Map<string, Permit>();
  const errors = new Map<string, KitError>();
  const ask = (name: string, admission: Partial<Admission> = {}) =>
    limiter.enqueue(
      { ...PLAIN, ...admission },
      {
        grant(permit) {
          left.push(name);
          permits.set(name, permit);
        },
        fail: (error) => errors.set(name, error),
      },
    );
  const end = (name: string, tokens?: number) => permits.get(name)!.settle(tokens);
  return { clock, limiter, left, permits, errors, ask, end };
}

test('lets nobody go before a place is free, and then at once', () => {
  const { left, ask, end } = open({ limits: { concurrency: 1 } });
  ask('a');
  ask('b');
  assert.deepEqual(left, ['a']);
  end('a', 20);
  assert.deepEqual(left, ['a', 'b']);
});

test('opens a slot again a window and a guard after its own use, not before and not later', () => {
  const { clock, left, ask } = open({ limits: { requestsPerMinute: 2, concurrency: 10 } });
  ask('a');
  clock.runUntil(11_000);
  ask('b');
  ask('c');
  ask('d');
  clock.runUntil(1000 + REOPENS_MS - 1);
  assert.deepEqual(left, ['a', 'b']);
  clock.runUntil(1000 + REOPENS_MS);
  assert.deepEqual(left, ['a', 'b', 'c']);
  clock.runUntil(11_000 + REOPENS_MS - 1);
  assert.deepEqual(left, ['a', 'b', 'c']);
  clock.runUntil(11_000 + REOPENS_MS);
  assert.deepEqual(left, ['a', 'b', 'c', 'd']);
});

test('sets no timer where only the end of an answer can help', () => {
  const { clock, ask } = open({ limits: { concurrency: 1 } });
  ask('a');
  ask('b');
  assert.equal(clock.step(), false);
});

test('lets higher priorities go first', () => {
  const { left, ask, end } = open({ limits: { concurrency: 1 } });
  ask('first');
  ask('batch', { priority: -1 });
  ask('normal');
  ask('urgent', { priority: 5 });
  for (const name of ['first', 'urgent', 'normal']) end(name, 20);
  assert.deepEqual(left, ['first', 'urgent', 'normal', 'batch']);
});

test('lets callers of one priority take turns, however many requests one of them has', () => {
  const { left, ask, end } = open({ limits: { concurrency: 1 } });
  for (let request = 1; request <= 4; request++) ask(`a${request}`, { caller: 'a' });
  for (let request = 1; request <= 2; request++) ask(`b${request}`, { caller: 'b' });
  for (let turn = 0; turn < 5; turn++) end(left.at(-1)!, 20);
  assert.deepEqual(left, ['a1', 'b1', 'a2', 'b2', 'a3', 'a4']);
});

test('a caller who comes back after each answer has no advantage over those who wait', () => {
  const { left, ask, end } = open({ limits: { concurrency: 1 } });
  ask('a1', { caller: 'a' });
  ask('b1', { caller: 'b' });
  ask('c1', { caller: 'c' });
  end('a1', 20);
  ask('a2', { caller: 'a' });
  end('b1', 20);
  end('c1', 20);
  assert.deepEqual(left, ['a1', 'b1', 'c1', 'a2']);
});

test('puts a request that was refused before all others of its priority, and gives its caller the turn back', () => {
  const { clock, left, permits, ask } = open({ limits: { concurrency: 5, requestsPerMinute: 1 } });
  ask('refused', { caller: 'a' });
  ask('other', { caller: 'b' });
  clock.runUntil(1100);
  ask('own', { caller: 'a' });
  permits.get('refused')?.refused({ axis: 'requests', retryAfterMs: 500 });
  ask('again', { caller: 'a', since: 1000 });
  clock.runUntil(1599);
  assert.deepEqual(left, ['refused']);
  clock.runUntil(1600);
  assert.deepEqual(left, ['refused', 'again']);
});

test('lets a smaller request pass one that is too big for now, if that does not delay it', () => {
  const { clock, left, ask } = open({ limits: { tokensPerMinute: 100 } });
  ask('early', { promptTokens: 50, answerTokensMax: 10 });
  clock.runUntil(11_000);
  ask('big', { promptTokens: 70, answerTokensMax: 10 });
  ask('small', { promptTokens: 10, answerTokensMax: 10 });
  ask('too much beside the big one', { promptTokens: 20, answerTokensMax: 1 });
  assert.deepEqual(left, ['early', 'small']);
  clock.runUntil(1000 + REOPENS_MS);
  assert.deepEqual(left, ['early', 'small', 'big']);
});

test('lets a request that is larger than the limit go alone, because only the endpoint can say no', () => {
  const { clock, left, ask } = open({ limits: { tokensPerMinute: 100 } });
  ask('small');
  ask('huge', { promptTokens: 5000 });
  clock.runUntil(1000 + REOPENS_MS - 1);
  assert.deepEqual(left, ['small']);
  clock.runUntil(1000 + REOPENS_MS);
  assert.deepEqual(left, ['small', 'huge']);
});

test('gives back what was set aside and not used, at the time at which it was set aside', () => {
  const { clock, left, ask, end } = open({ limits: { tokensPerMinute: 100 } });
  ask('a', { promptTokens: 10, answerTokensMax: 90 });
  clock.runUntil(21_000);
  ask('b', { promptTokens: 10, answerTokensMax: 30 });
  end('a', 60);
  assert.deepEqual(left, ['a', 'b']);
  ask('c', { promptTokens: 10, answerTokensMax: 50 });
  clock.runUntil(1000 + REOPENS_MS);
  assert.deepEqual(left, ['a', 'b', 'c']);
});

test('counts what was used beyond the reservation from the end of the answer on', () => {
  const { clock, left, ask, end } = open({ limits: { tokensPerMinute: 2000 } });
  ask('a', { promptTokens: 10, answerTokensMax: 990 });
  clock.runUntil(31_000);
  end('a', 2000);
  ask('b', { promptTokens: 10, answerTokensMax: 1500 });
  clock.runUntil(1000 + REOPENS_MS);
  assert.deepEqual(left, ['a']);
  clock.runUntil(31_000 + REOPENS_MS);
  assert.deepEqual(left, ['a', 'b']);
});

test('gives everything back for a request that never arrived', () => {
  const { left, permits, ask } = open({ limits: { requestsPerMinute: 1, concurrency: 1 } });
  ask('a');
  ask('b');
  permits.get('a')?.abandon();
  assert.deepEqual(left, ['a', 'b']);
});

test('only the first end of a permit counts', () => {
  const { limiter, permits, ask } = open({ limits: { concurrency: 3 } });
  ask('a');
  ask('b');
  const permit = permits.get('a')!;
  permit.settle(20);
  permit.settle(5000);
  permit.abandon();
  permit.refused({ axis: 'requests', limit: 1 });
  permit.answered(new Headers({ 'x-ratelimit-limit-requests': '1' }));
  const { axes, inFlight, refusals } = limiter.snapshot();
  assert.deepEqual([inFlight, refusals, axes[0]?.limit, axes[1]?.used], [1, 0, undefined, 40]);
});

test('tokens that are none do no harm', () => {
  const { limiter, ask, end } = open({});
  for (const [name, tokens] of [
    ['a', Number.NaN],
    ['b', -5],
    ['c', Number.POSITIVE_INFINITY],
  ] as const) {
    ask(name);
    end(name, tokens);
  }
  assert.equal(limiter.snapshot().axes[1]?.used, 60);
});

test('a refusal for tokens holds up nobody but for tokens, and one probe leaves first', () => {
  const { clock, left, permits, limiter, ask } = open({ limits: { tokensPerMinute: 1000, concurrency: 10 } });
  ask('a');
  permits.get('a')?.refused({ axis: 'tokens', retryAfterMs: 3000 });
  for (const name of ['b', 'c', 'd']) ask(name);
  assert.deepEqual([left, limiter.snapshot().binding, limiter.snapshot().nextAt], [['a'], 'tokens', 4000]);
  clock.runUntil(4000);
  assert.deepEqual(left, ['a', 'b']);
  permits.get('b')?.answered(new Headers());
  clock.runUntil(6000);
  assert.deepEqual(left, ['a', 'b', 'c', 'd']);
});

test('a refusal for tokens is over as soon as enough of them are given back, whatever it said', () => {
  const limits = { tokensPerMinute: 950, concurrency: 10 };
  const { clock, left, permits, ask, end } = open({ limits, charge: 'reservation' });
  const admission = { promptTokens: 10, answerTokensMax: 290 };
  for (const name of ['a', 'b', 'c']) ask(name, admission);
  // The endpoint counts a little more than we do.
  permits.get('c')?.refused({ axis: 'tokens', retryAfterMs: 59_000 });
  ask('c again', admission);
  clock.runUntil(3000);
  end('a', 100);
  assert.deepEqual(left, ['a', 'b', 'c'], '200 given back might not be enough for 300');
  end('b', 100);
  clock.runUntil(3001);
  assert.deepEqual(left, ['a', 'b', 'c', 'c again']);
});

test('rejects at once what cannot leave before its deadline, and says so', () => {
  const { errors, left, ask } = open({ limits: { requestsPerMinute: 1 } });
  ask('a');
  ask('hopeless', { deadline: 20_000 });
  ask('patient', { deadline: 100_000 });
  assert.deepEqual([left, [...errors.keys()]], [['a'], ['hopeless']]);
  const error = errors.get('hopeless')!;
  assert.ok(KitError.is(error) && error.code === 'rate_limited' && error.retryable);
  assert.match(error.message, /only after its deadline: its limit of requests has no room before/);
});

test('rejects at the deadline what could have left', () => {
  const { clock, errors, left, ask, end } = open({ limits: { concurrency: 1 } });
  ask('a');
  ask('b', { deadline: 5000 });
  clock.runUntil(4999);
  assert.equal(errors.size, 0);
  clock.runUntil(5000);
  end('a');
  assert.deepEqual([left, [...errors.keys()]], [['a'], ['b']]);
});

test('gives up the place of a request that is called off, at every moment', async () => {
  const limiter = createLimiter({ limits: { concurrency: 1 } });
  const before = AbortSignal.abort(new Error('before'));
  await assert.rejects(limiter.admit(PLAIN, before), /before/);
  const first = await limiter.admit(PLAIN);
  const controller = new AbortController();
  const waiting = limiter.admit(PLAIN, controller.signal);
  const next = limiter.admit(PLAIN);
  assert.equal(limiter.snapshot().waiting, 2);
  controller.abort(new Error('while waiting'));
  await assert.rejects(waiting, /while waiting/);
  assert.equal(limiter.snapshot().waiting, 1);
  first.settle(20);
  const late = new AbortController();
  const permit = await next;
  late.abort();
  permit.settle(20);
  assert.deepEqual([limiter.snapshot().waiting, limiter.snapshot().inFlight], [0, 0]);
});

test('lets go who comes after a head that is called off', () => {
  const { left, ask } = open({ limits: { tokensPerMinute: 100 } });
  ask('a', { promptTokens: 50, answerTokensMax: 10 });
  const callOff = ask('big', { promptTokens: 90, answerTokensMax: 10 });
  ask('b', { promptTokens: 20, answerTokensMax: 10 });
  assert.deepEqual(left, ['a']);
  callOff();
  callOff();
  assert.deepEqual(left, ['a', 'b']);
});

test('shows what is known, what is used and what the head waits for', () => {
  const { limiter, ask, permits } = open({ limits: { requestsPerMinute: 2 } });
  for (const name of ['a', 'b', 'c']) ask(name);
  permits
    .get('a')
    ?.answered(new Headers({ 'x-ratelimit-limit-tokens': '5000', 'x-ratelimit-remaining-tokens': '4960' }));
  assert.deepEqual(limiter.snapshot(), {
    axes: [
      { axis: 'requests', limit: 2, origin: 'given', used: 2 },
      { axis: 'tokens', limit: 5000, origin: 'header', used: 40 },
      { axis: 'concurrency', limit: undefined, origin: 'unknown', used: 2 },
    ],
    inFlight: 2,
    waiting: 1,
    binding: 'requests',
    nextAt: 1000 + REOPENS_MS,
    refusals: 0,
  });
});

test('takes over limits from headers, but never more than it was given', () => {
  const { limiter, ask, permits } = open({ limits: { requestsPerMinute: 50, tokensPerMinute: 900 } });
  ask('a');
  permits.get('a')?.answered(new Headers({ 'x-ratelimit-limit-requests': '20', 'x-ratelimit-limit-tokens': '5000' }));
  const [requests, tokens] = limiter.snapshot().axes;
  assert.deepEqual([requests?.limit, requests?.origin, tokens?.limit, tokens?.origin], [20, 'header', 900, 'given']);
});

test('sees in headers what others use, and never takes a reset for a time to wait', () => {
  const { clock, left, permits, ask } = open({ limits: { requestsPerMinute: 10 } });
  ask('a');
  const headers = {
    'x-ratelimit-limit-requests': '10',
    'x-ratelimit-remaining-requests': '2',
    'x-ratelimit-reset-requests': '50s',
  };
  permits.get('a')?.answered(new Headers(headers));
  for (const name of ['b', 'c', 'd']) ask(name);
  assert.deepEqual(left, ['a', 'b', 'c']);
  // Nobody knows when the others' entries leave; so it asks again.
  clock.runUntil(3000);
  assert.deepEqual(left, ['a', 'b', 'c', 'd']);
});

test('does not take its own requests of the same moment for those of others', () => {
  const { left, permits, ask } = open({ limits: { requestsPerMinute: 3 } });
  ask('a');
  ask('b');
  // It was sent first and arrived last.
  permits.get('a')?.answered(new Headers({ 'x-ratelimit-limit-requests': '3', 'x-ratelimit-remaining-requests': '1' }));
  ask('c');
  assert.deepEqual(left, ['a', 'b', 'c']);
});

test('tells what it learns, as it learns it', () => {
  const events: LimiterEvent[] = [];
  const { permits, ask } = open({ onEvent: (event) => events.push(event) });
  ask('a');
  ask('b');
  permits.get('b')?.refused({ axis: 'concurrency', limit: 1 });
  assert.deepEqual(events, [
    { type: 'refused', axis: 'concurrency', heldUntil: Number.NEGATIVE_INFINITY },
    { type: 'limit', axis: 'concurrency', limit: 1, origin: 'header' },
  ]);
});

test('refuses limits and margins that cannot be', () => {
  const isInvalid = (error: unknown) => KitError.is(error) && error.code === 'invalid_input';
  assert.throws(() => createLimiter({ limits: { concurrency: 0 } }), isInvalid);
  assert.throws(() => createLimiter({ limits: { requestsPerMinute: Number.NaN } }), isInvalid);
  assert.throws(() => createLimiter({ margin: 100 }), isInvalid);
  createLimiter({ limits: { requestsPerMinute: Number.POSITIVE_INFINITY } });
});
