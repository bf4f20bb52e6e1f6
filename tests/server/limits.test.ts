/** The limits as clients meet them: headers on every answer, refusals that say when to come again, nothing for free. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { serviceUnavailable } from '@plumb/wire';
import type { TierSettings } from '#server/accounts/tier.js';
import type { Engine } from '#server/engines/engine.js';
import type { WaitingRoom } from '#server/limits/index.js';
import { AnsweringEngine } from '../support/answering-engine.js';
import { contentEvent, ended, PlayedEngine } from '../support/played-engine.js';
import { startPlumb } from '../support/plumb.js';

const MINUTE_MS = 60_000;
const CHAT = { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }] };

/** Starts a server on which every account has these limits, with a clock that stands still. */
async function start<E extends Engine = AnsweringEngine>(context: TestContext, tier: TierSettings, engine?: E) {
  const clock = {
    time: 1_700_000_000_000,
    now: () => clock.time,
  };
  const used = engine ?? (new AnsweringEngine({ prompt: 10, completion: 5 }) as Engine as E);
  const settings = { tiers: { test: tier }, default_tier: 'test' };
  const plumb = await startPlumb({ engine: used, settings, start: { clock } });
  context.after(() => plumb.stop());
  /** Sends a request and reads its answer to the end. */
  const chat = async (fields: object = {}) => {
    const response = await plumb.chat({ ...CHAT, ...fields });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return { plumb, clock, engine: used, chat };
}

function limitsIn(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith('x-ratelimit-')));
}

describe('the headers of an answer', () => {
  const tier = { requests_per_minute: 10, tokens_per_minute: 1000 };

  for (const stream of [false, true]) {
    test(`count the request and what it reserved, ${stream ? 'streamed' : 'buffered'}`, async (context) => {
      const { chat } = await start(context, tier);
      assert.deepEqual(limitsIn((await chat({ stream, max_tokens: 90 })).headers), {
        'x-ratelimit-limit-requests': '10',
        'x-ratelimit-limit-tokens': '1000',
        'x-ratelimit-remaining-requests': '9',
        'x-ratelimit-remaining-tokens': '900',
        'x-ratelimit-reset-requests': '1m0s',
        'x-ratelimit-reset-tokens': '1m0s',
      });
    });
  }

  test('show what was really used from the next answer on', async (context) => {
    const { chat } = await start(context, tier);
    await chat({ max_tokens: 90 });
    assert.equal((await chat({ max_tokens: 90 })).headers.get('x-ratelimit-remaining-tokens'), String(1000 - 15 - 100));
  });

  test('are there on answers of every kind that have an account', async (context) => {
    const { plumb, chat } = await start(context, tier);
    await chat();
    const answers = {
      'a list': await plumb.request('/v1/models'),
      'a single model': await plumb.request('/models/deepseek-chat'),
      'an unknown model': await plumb.request('/models/nothing'),
      'an unknown path': await plumb.request('/nothing'),
      'a wrong method': await plumb.request('/v1/models', { method: 'DELETE' }),
      'no JSON': await plumb.chat('{'),
      'a wrong field': await plumb.chat({ ...CHAT, temperature: 3 }),
      'a model that is not served': await plumb.chat({ ...CHAT, model: 'gpt' }),
      'a prompt that does not fit': await plumb.chat({ ...CHAT, max_tokens: 5000 }),
    };
    for (const [kind, { headers }] of Object.entries(answers)) {
      assert.equal(headers.get('x-ratelimit-remaining-requests'), '9', kind);
      assert.equal(headers.get('x-ratelimit-remaining-tokens'), '985', kind);
    }
  });

  test('are not there without a key, nor where nothing is limited', async (context) => {
    const limited = await start(context, tier);
    assert.deepEqual(limitsIn((await fetch(`${limited.plumb.url}/v1/models`)).headers), {});
    const { chat } = await start(context, {});
    assert.deepEqual(limitsIn((await chat()).headers), {});
  });

  test('are there on an answer that failed on the engine', async (context) => {
    const engine = new PlayedEngine();
    const { chat } = await start(context, tier, engine);
    const arrival = engine.next();
    const answer = chat();
    (await arrival).sink.onFailure(serviceUnavailable());
    const { status, headers } = await answer;
    assert.deepEqual([status, headers.get('x-ratelimit-remaining-requests')], [503, '9']);
  });
});

describe('a refusal', () => {
  test('for requests says until when, exactly', async (context) => {
    const { chat, clock } = await start(context, { requests_per_minute: 2 });
    await chat();
    clock.time += 10_000;
    await chat();
    const { status, headers, text } = await chat();
    assert.equal(status, 429);
    assert.deepEqual(JSON.parse(text), {
      error: {
        message: 'Rate limit reached for 2 requests per minute of this account. Try again in 50 s.',
        type: 'rate_limit_error',
        param: null,
        code: 'invalid_request_error',
      },
    });
    assert.equal(headers.get('retry-after'), '50');
    assert.equal(headers.get('retry-after-ms'), '50000');
    assert.equal(headers.get('x-ratelimit-refused-by'), 'requests');
    assert.equal(headers.get('x-ratelimit-refused-scope'), 'account');
    assert.equal(headers.get('x-should-retry'), null);
    clock.time += 49_999;
    assert.equal((await chat()).status, 429);
    clock.time += 1;
    assert.equal((await chat()).status, 200);
  });

  test('for tokens counts the prompt and the most that the answer may have', async (context) => {
    const { chat, clock } = await start(context, { tokens_per_minute: 100 });
    await chat({ max_tokens: 90 });
    clock.time += 1000;
    const { status, headers, text } = await chat({ max_tokens: 76 });
    assert.equal(status, 429);
    assert.match(JSON.parse(text).error.message, /^Rate limit reached for 100 tokens per minute .* may take 86\. /);
    assert.equal(headers.get('retry-after-ms'), '59000');
    assert.equal((await chat({ max_tokens: 75 })).status, 200);
  });

  test('of what can never fit says so, and that it is no use to try again', async (context) => {
    const { chat } = await start(context, { tokens_per_minute: 100 });
    const { status, headers, text } = await chat({ max_tokens: 91 });
    assert.equal(status, 429);
    assert.match(JSON.parse(text).error.message, /may take 101 tokens, which never fit into the 100 tokens per minute/);
    assert.equal(headers.get('x-should-retry'), 'false');
    assert.equal(headers.get('retry-after'), null);
  });

  test('for concurrency lasts until a running request has its whole answer', async (context) => {
    const engine = new PlayedEngine();
    const { chat } = await start(context, { concurrent_requests: 1 }, engine);
    const arrival = engine.next();
    const first = chat({ stream: true });
    const { sink } = await arrival;
    const { status, headers, text } = await chat();
    assert.equal(status, 429);
    assert.match(JSON.parse(text).error.message, /^Too many requests\. The concurrency limit of 1 of this account/);
    assert.equal(headers.get('retry-after-ms'), '1000');
    sink.onEnd({ ...ended(), lastEvents: contentEvent('Hi', 'stop') });
    await first;
    // A client that has its answer may come again at once.
    const next = engine.next();
    const second = chat();
    (await next).sink.onEnd({ ...ended(), lastEvents: contentEvent('Hi', 'stop') });
    assert.equal((await second).status, 200);
  });

  test('takes nothing: not a request, not a token, not a place', async (context) => {
    const { chat } = await start(context, { requests_per_minute: 3, tokens_per_minute: 100, concurrent_requests: 1 });
    await chat({ max_tokens: 5 });
    for (let time = 0; time < 5; time++) assert.equal((await chat({ max_tokens: 80 })).status, 429);
    const { headers } = await chat({ max_tokens: 5 });
    assert.equal(headers.get('x-ratelimit-remaining-requests'), '1');
    assert.equal(headers.get('x-ratelimit-remaining-tokens'), '70');
  });
});

describe('the limits', () => {
  test('hold together under every prefix and for every key of an account', async (context) => {
    const { plumb } = await start(context, { requests_per_minute: 3 });
    const paths = ['/chat/completions', '/v1/chat/completions', '/beta/chat/completions', '/v1/chat/completions'];
    const statuses = [];
    for (const path of paths) statuses.push((await plumb.request(path, { body: CHAT })).status);
    assert.deepEqual(statuses, [200, 200, 200, 429]);
  });

  test('of a model that has its own are counted apart from those of the others', async (context) => {
    const tier = { requests_per_minute: 1, models: { 'deepseek-reasoner': { requests_per_minute: 2 } } };
    const { chat } = await start(context, tier);
    const statusOf = async (model: string) => (await chat({ model })).status;
    assert.deepEqual([await statusOf('deepseek-chat'), await statusOf('deepseek-chat')], [200, 429]);
    const reasoner = [
      await statusOf('deepseek-reasoner'),
      await statusOf('deepseek-flash'),
      await statusOf('deepseek-reasoner'),
    ];
    assert.deepEqual(reasoner, [200, 200, 429]);
  });

  test('count what was used beyond the reservation as a debt', async (context) => {
    const { chat, engine, clock } = await start(context, { tokens_per_minute: 100 });
    engine.used = { prompt: 10, completion: 240 };
    await chat({ max_tokens: 20 });
    engine.used = { prompt: 10, completion: 1 };
    assert.equal((await chat({ max_tokens: 1 })).headers.get('retry-after-ms'), String(2 * MINUTE_MS));
    clock.time += 2 * MINUTE_MS;
    assert.equal((await chat({ max_tokens: 1 })).status, 200);
  });

  test('reserve what answers usually have when the request does not say', async (context) => {
    const { chat, engine } = await start(context, { tokens_per_minute: 10_000 });
    engine.used = { prompt: 10, completion: 5 };
    assert.equal((await chat()).headers.get('x-ratelimit-remaining-tokens'), String(10_000 - 10 - 1014));
    assert.equal((await chat()).headers.get('x-ratelimit-remaining-tokens'), String(10_000 - 15 - 15));
  });
});

describe('an answer that does not come to its end', () => {
  const tier = { tokens_per_minute: 100, concurrent_requests: 1 };

  test('because its client left counts for what was produced, and gives its place back', async (context) => {
    const engine = new PlayedEngine();
    const { plumb, chat } = await start(context, tier, engine);
    const arrival = engine.next();
    const leaving = new AbortController();
    const left = assert.rejects(plumb.chat({ ...CHAT, max_tokens: 50 }, leaving.signal));
    const generation = await arrival;
    generation.sink.onBegun();
    leaving.abort();
    await left;
    // Until the engine has stopped the request is still running.
    while (!generation.aborted) await new Promise((resolve) => setImmediate(resolve));
    const next = engine.next();
    const answer = chat({ max_tokens: 50 });
    (await next).sink.onEnd({ ...ended(), lastEvents: contentEvent('Hi', 'stop') });
    const { status, headers } = await answer;
    assert.equal(status, 200);
    assert.equal(headers.get('x-ratelimit-remaining-tokens'), String(100 - 4 - 53));
  });

  const failures = [
    ['with what the engine says of it', ended({ prompt: 3, completion: 7 }).usage, 90],
    ['with its prompt when the engine ended without a word', undefined, 97],
  ] as const;
  for (const [how, usage, remaining] of failures) {
    test(`because its engine failed counts ${how}, and gives its place back`, async (context) => {
      const engine = new PlayedEngine();
      const { plumb, chat } = await start(context, tier, engine);
      const arrival = engine.next();
      const answer = chat({ max_tokens: 50 });
      const { sink } = await arrival;
      sink.onBegun();
      sink.onFailure(serviceUnavailable(), usage);
      assert.equal((await answer).status, 503);
      const { headers } = await plumb.request('/v1/models');
      assert.equal(headers.get('x-ratelimit-remaining-tokens'), String(remaining));
      const next = engine.next();
      const second = chat({ max_tokens: 50 });
      (await next).sink.onEnd({ ...ended(), lastEvents: contentEvent('Hi', 'stop') });
      assert.equal((await second).status, 200);
    });
  }
});

describe('a request that may wait', () => {
  const tier = { concurrent_requests: 1, queue: { max_wait_s: 30, max_length: 1 } };

  /** Lets one request run and another one wait for it. */
  async function startWaiting(context: TestContext, stream: boolean) {
    const engine = new PlayedEngine();
    const { plumb, chat, clock } = await start(context, tier, engine);
    const arrival = engine.next();
    const first = chat();
    const running = await arrival;
    const next = engine.next();
    const waiting = chat({ stream });
    const { platform } = plumb.server;
    const room = platform.limiter as WaitingRoom;
    const account = plumb.account.id;
    while (room.lengthOf(account) < 1) await new Promise((resolve) => setImmediate(resolve));
    const finish = async () => {
      running.sink.onEnd({ ...ended(), lastEvents: contentEvent('one', 'stop') });
      assert.equal((await first).status, 200);
      (await next).sink.onEnd({ ...ended(), lastEvents: contentEvent('two', 'stop') });
      return waiting;
    };
    return { chat, clock, platform, finish };
  }

  test('is answered as soon as there is room; one that finds the line full is refused at once', async (context) => {
    const { chat, finish } = await startWaiting(context, false);
    assert.equal((await chat()).status, 429);
    const { status, text } = await finish();
    assert.equal(status, 200);
    assert.equal(JSON.parse(text).choices[0].message.content, 'two');
  });

  for (const [stream, keptAlive] of [
    [true, /^(?:: keep-alive\n\n){2}data: \{/],
    [false, /^\n\n\{/],
  ] as const) {
    test(`is kept alive while it waits, ${stream ? 'streamed' : 'buffered'}`, async (context) => {
      const { clock, platform, finish } = await startWaiting(context, stream);
      for (let interval = 0; interval < 2; interval++) {
        clock.time += 10_000;
        platform.keepAlives.tick();
      }
      const { status, text } = await finish();
      assert.equal(status, 200);
      assert.match(text, keptAlive);
    });
  }

  test('leaves the line when its client leaves', async (context) => {
    const engine = new PlayedEngine();
    const { plumb, chat } = await start(context, tier, engine);
    const arrival = engine.next();
    const first = chat();
    const running = await arrival;
    const leaving = new AbortController();
    const left = assert.rejects(plumb.chat(CHAT, leaving.signal));
    const room = plumb.server.platform.limiter as WaitingRoom;
    while (room.lengthOf(plumb.account.id) < 1) await new Promise((resolve) => setImmediate(resolve));
    leaving.abort();
    await left;
    while (room.lengthOf(plumb.account.id) > 0) await new Promise((resolve) => setImmediate(resolve));
    running.sink.onEnd({ ...ended(), lastEvents: contentEvent('one', 'stop') });
    await first;
    assert.equal(engine.generations.length, 1);
  });

  test('is refused like any other when its wait is over', async (context) => {
    const engine = new PlayedEngine();
    const settings = {
      tiers: { test: { concurrent_requests: 1, queue: { max_wait_s: 0.01 } } },
      default_tier: 'test',
    };
    const plumb = await startPlumb({ engine, settings });
    context.after(() => plumb.stop());
    const arrival = engine.next();
    const first = plumb.chat(CHAT);
    const running = await arrival;
    const refused = await plumb.chat(CHAT);
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers.get('retry-after-ms')) > 0);
    running.sink.onEnd({ ...ended(), lastEvents: contentEvent('one', 'stop') });
    await first;
  });
});
