/** Requests with an Idempotency-Key over HTTP: generated once, charged once, the same answer however often they are sent. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { serviceUnavailable } from '@plumb/wire';
import { AnsweringEngine } from '../support/answering-engine.js';
import { contentEvent, ended, PlayedEngine } from '../support/played-engine.js';
import { renderRequest } from '../support/raw-http.js';
import { until } from '../support/until.js';
import { CHAT, messageOf, receive, start, USED } from './support/keyed.js';

const FORMS = [
  ['a buffered chat', '/v1/chat/completions', CHAT],
  ['a streamed chat', '/v1/chat/completions', { ...CHAT, stream: true }],
  ['a buffered completion', '/beta/completions', { model: 'deepseek-chat', prompt: 'Hi', max_tokens: 50 }],
  ['a streamed completion', '/completions', { model: 'deepseek-chat', prompt: 'Hi', max_tokens: 50, stream: true }],
] as const;

describe('the same request with the same key', () => {
  for (const [name, path, body] of FORMS) {
    test(`gets the same bytes again, without charge: ${name}`, async (context) => {
      const { send, engine, assertCharged, plumb } = await start(context);
      const first = await send('one', body, { path });
      assert.equal(first.status, 200, first.text);
      assert.equal(first.isReplayed, false);
      for (let time = 0; time < 3; time++) {
        const again = await send('one', body, { path });
        assert.equal(again.status, 200);
        assert.equal(again.text, first.text);
        assert.equal(again.isReplayed, true);
        assert.equal(again.headers.get('content-type'), first.headers.get('content-type'));
      }
      assert.equal(engine.generations, 1);
      await assertCharged(1);
      const line = plumb.lines.at(-1);
      assert.deepEqual([line?.replayed, line?.outcome], [true, 'completed']);
    });
  }

  test('gets the same embeddings again, whatever `stream` says there', async (context) => {
    const { send, operator } = await start(context);
    const body = { model: 'text-embedding', input: 'Hi', stream: true };
    const first = await send('one', body, { path: '/v1/embeddings' });
    const again = await send('one', body, { path: '/v1/embeddings' });
    assert.equal(first.status, 200, first.text);
    assert.deepEqual([again.text, again.isReplayed], [first.text, true]);
    assert.equal((await operator.usage()).length, 1);
  });

  test('takes no room of any limit', async (context) => {
    const tier = { requests_per_minute: 2, tokens_per_minute: 1000, concurrent_requests: 1 };
    const settings = { tiers: { test: tier }, default_tier: 'test' };
    const { send } = await start(context, new AnsweringEngine(USED), { settings });
    const remaining = ({ headers }: { headers: Headers }) => [
      headers.get('x-ratelimit-remaining-requests'),
      headers.get('x-ratelimit-remaining-tokens'),
    ];
    await send('one');
    for (let time = 0; time < 5; time++) assert.deepEqual(remaining(await send('one')), ['1', '985']);
    assert.equal((await send('two')).status, 200);
    assert.equal((await send('three')).status, 429);
    assert.equal((await send('one')).status, 200, 'a full limit refuses no answer that is there');
  });

  test('is answered after the balance is spent and while no engine is there', async (context) => {
    const engine = new PlayedEngine();
    const { send, open } = await start(context, engine);
    const first = open('one');
    (await engine.next()).sink.onEnd({ ...ended(USED), lastEvents: contentEvent('Hi', 'stop') });
    const { text } = await receive(await first);
    engine.says = undefined;
    assert.equal((await send('one')).text, text);
  });

  for (const stream of [false, true]) {
    test(`fifty times at once is one generation and one charge, ${stream ? 'streamed' : 'buffered'}`, async (context) => {
      const tier = { requests_per_minute: 10, concurrent_requests: 1 };
      const settings = { tiers: { test: tier }, default_tier: 'test' };
      const { send, engine, assertCharged } = await start(context, new AnsweringEngine(USED), { settings });
      const body = { ...CHAT, stream };
      const received = await Promise.all(Array.from({ length: 50 }, () => send('one', body)));
      assert.deepEqual([...new Set(received.map(({ status }) => status))], [200]);
      assert.equal(new Set(received.map(({ text }) => text)).size, 1);
      assert.equal(received.filter(({ isReplayed }) => !isReplayed).length, 1);
      assert.equal(engine.generations, 1);
      const { headers } = await send('two', body);
      assert.equal(headers.get('x-ratelimit-remaining-requests'), '8');
      await assertCharged(2);
    });
  }

  test('by another account is another request', async (context) => {
    const { send, operator, engine, assertCharged } = await start(context);
    const other = await operator.issueKey({ accountName: 'other' });
    await operator.fund(other.account.id, '1');
    const ours = await send('one');
    const theirs = await send('one', { ...CHAT, max_tokens: 40 }, { by: other.key });
    assert.equal(theirs.status, 200, theirs.text);
    assert.equal(theirs.isReplayed, false);
    assert.notEqual(theirs.text, ours.text);
    assert.equal(engine.generations, 2);
    await assertCharged(1);
    await assertCharged(1, other.account.id);
  });

  test('by another key of the account gets the answer only if it may use the model', async (context) => {
    const { send, operator, plumb } = await start(context);
    const account = { accountName: plumb.account.name };
    const good = await operator.issueKey(account);
    const bad = await operator.issueKey({ ...account, models: ['text-embedding'] });
    await send('one');
    assert.equal((await send('one', CHAT, { by: good.key })).isReplayed, true);
    assert.equal((await send('one', CHAT, { by: bad.key })).status, 403);
  });

  test('is generated again once its answer has expired', async (context) => {
    const clock = { time: 1_800_000_000_000, now: () => clock.time };
    const { send, engine, assertCharged } = await start(context, new AnsweringEngine(USED), { start: { clock } });
    await send('one');
    clock.time += 86_400_000 - 1;
    assert.equal((await send('one')).isReplayed, true);
    clock.time += 1;
    const again = await send('one', { ...CHAT, max_tokens: 40 });
    assert.deepEqual([again.status, again.isReplayed], [200, false]);
    assert.equal(engine.generations, 2);
    await assertCharged(2);
  });

  test('is answered by the server that was started anew', async (context) => {
    const { send, plumb, stop } = await start(context);
    const { text } = await send('one');
    await stop();
    const restarted = await start(context, new AnsweringEngine(USED), { after: plumb });
    const again = await restarted.send('one');
    assert.deepEqual([again.text, again.isReplayed, restarted.engine.generations], [text, true, 0]);
  });
});

describe('a key', () => {
  const cases: [string, string][] = [
    ['that is empty', ''],
    ['of 256 characters', 'k'.repeat(256)],
    ['with a letter beyond ASCII', 'schlüssel'],
    ['with a tab in it', 'a\tb'],
  ];
  for (const [name, key] of cases) {
    test(`${name} is 400`, async (context) => {
      const { send, engine } = await start(context);
      const refused = await send(key);
      assert.equal(refused.status, 400);
      assert.match(messageOf(refused), /^Invalid Idempotency-Key: send 1 to 255 printable ASCII characters/);
      assert.equal(engine.generations, 0);
    });
  }

  test('of 255 characters is good, spaces and quotes among them', async (context) => {
    const { send } = await start(context);
    const key = `"${'k '.repeat(126)}"~`;
    assert.equal(key.length, 255);
    assert.equal((await send(key)).status, 200);
    assert.equal((await send(key)).isReplayed, true);
  });

  const others: [string, object | string, string][] = [
    ['another field', { ...CHAT, max_tokens: 51 }, '/v1/chat/completions'],
    ['a stream', { ...CHAT, stream: true }, '/v1/chat/completions'],
    ['the same JSON in other bytes', `${JSON.stringify(CHAT)} `, '/v1/chat/completions'],
    ['another path', CHAT, '/chat/completions'],
  ];
  for (const [name, body, path] of others) {
    test(`of another request is 409: ${name}`, async (context) => {
      const { send, engine } = await start(context);
      await send('one');
      const refused = await send('one', body, { path });
      assert.equal(refused.status, 409);
      assert.match(messageOf(refused), /^This Idempotency-Key was used for a request with another body or path/);
      assert.equal(refused.headers.get('x-should-retry'), 'false');
      assert.equal(engine.generations, 1);
    });
  }

  test('of another request that still runs is 409 at once', async (context) => {
    const engine = new PlayedEngine();
    const { send, open } = await start(context, engine);
    const first = open('one');
    const { sink } = await engine.next();
    assert.equal((await send('one', { ...CHAT, max_tokens: 51 })).status, 409);
    sink.onEnd({ ...ended(USED), lastEvents: contentEvent('Hi', 'stop') });
    assert.equal((await first).status, 200);
  });

  test('is kept for nothing that was sent without one', async (context) => {
    const { plumb, engine } = await start(context);
    for (let time = 0; time < 2; time++) assert.equal((await receive(await plumb.chat(CHAT))).isReplayed, false);
    assert.equal(engine.generations, 2);
  });
});

describe('a failure', () => {
  for (const stream of [false, true]) {
    test(`of the engine is not kept: the key is free again, ${stream ? 'streamed' : 'buffered'}`, async (context) => {
      const engine = new PlayedEngine();
      const { open, assertCharged } = await start(context, engine);
      const body = { ...CHAT, stream };
      const failing = open('one', body);
      const { sink } = await engine.next();
      if (stream) sink.onEvents(contentEvent('H'));
      sink.onFailure(serviceUnavailable());
      const failed = await receive(await failing);
      assert.match(failed.text, /service_unavailable_error/);
      const next = engine.next();
      const good = open('one', body);
      (await next).sink.onEnd({ ...ended(USED), lastEvents: contentEvent('Hi', 'stop') });
      assert.deepEqual([(await receive(await good)).isReplayed, engine.generations.length], [false, 2]);
      await assertCharged(1);
    });
  }

  test('reaches all who wait for the answer', async (context) => {
    const engine = new PlayedEngine();
    const { plumb, send } = await start(context, engine);
    const all = Array.from({ length: 5 }, () => send('one'));
    const { sink } = await engine.next();
    await until('all have come', () => plumb.server.platform.claims.waiting === 4);
    sink.onFailure(serviceUnavailable());
    assert.deepEqual(
      (await Promise.all(all)).map(({ status }) => status),
      [503, 503, 503, 503, 503],
    );
    assert.equal(engine.generations.length, 1);
  });

  test('of the request is not kept: neither 400 nor 402 nor 429', async (context) => {
    const tier = { requests_per_minute: 1 };
    const settings = { tiers: { test: tier }, default_tier: 'test' };
    const { send, operator, plumb } = await start(context, new AnsweringEngine(USED), { settings });
    const poor = await operator.issueKey({ accountName: 'poor' });
    assert.equal((await send('one', { ...CHAT, model: 'unknown' })).status, 400);
    assert.equal((await send('one')).status, 200);
    assert.equal((await send('two')).status, 429);
    await operator.access.administration.accounts.changeAccount(
      plumb.account.id,
      { tier: 'unlimited' },
      { actor: 'test', at: 1 },
    );
    assert.equal((await send('three', CHAT, { by: poor.key })).status, 402);
    await operator.fund(poor.account.id, '1');
    const paid = await send('three', CHAT, { by: poor.key });
    assert.notEqual(paid.status, 402);
  });
});

describe('a client that leaves', () => {
  for (const stream of [false, true]) {
    test(`misses nothing: its request runs to the end and is kept, ${stream ? 'streamed' : 'buffered'}`, async (context) => {
      const engine = new PlayedEngine();
      const { plumb, open, send, assertCharged } = await start(context, engine);
      const body = { ...CHAT, stream };
      const leaving = new AbortController();
      const left = open('one', body, { signal: leaving.signal }).catch(() => {});
      const generation = await engine.next();
      generation.sink.onEvents(contentEvent('Hel'));
      leaving.abort();
      await left;
      const waiting = send('one', body);
      generation.sink.onEvents(contentEvent('lo'));
      await until('it waits', () => plumb.server.platform.claims.waiting === 1);
      assert.equal(generation.aborted, false);
      generation.sink.onEnd({ ...ended(USED), lastEvents: contentEvent('!', 'stop') });
      const { status, text, isReplayed } = await waiting;
      assert.deepEqual([status, isReplayed], [200, true]);
      const content = stream ? [...text.matchAll(/"content":"([^"]*)"/g)].map(([, piece]) => piece).join('') : text;
      assert.match(content, /Hello!/);
      assert.equal((await send('one', body)).text, text);
      assert.equal(engine.generations.length, 1);
      await assertCharged(1);
    });
  }

  test('while it holds the engine up lets it go on', async (context) => {
    const engine = new PlayedEngine();
    const { plumb, send } = await start(context, engine);
    const { hostname, port } = new URL(plumb.url);
    const socket = connect(Number(port), hostname).pause();
    socket.on('error', () => {});
    const body = { ...CHAT, stream: true };
    const headers = {
      authorization: `Bearer ${plumb.key}`,
      'content-type': 'application/json',
      'idempotency-key': 'one',
    };
    socket.write(renderRequest({ method: 'POST', path: '/v1/chat/completions', headers, body: JSON.stringify(body) }));
    const { sink } = await engine.next();
    const piece = contentEvent('x'.repeat(100_000));
    let pieces = 0;
    for (; engine.pauses === 0; pieces++) sink.onEvents(piece);
    socket.destroy();
    await until('it goes on', () => engine.pauses === 0);
    sink.onEnd({ ...ended(USED), lastEvents: contentEvent('', 'stop') });
    const { text, isReplayed } = await send('one', body);
    assert.ok(isReplayed);
    assert.equal(text.match(/x{100000}/g)?.length, pieces);
  });

  test('before its request was admitted frees the key', async (context) => {
    const engine = new PlayedEngine();
    const tier = { concurrent_requests: 1, queue: { max_wait_s: 60 } };
    const settings = { tiers: { test: tier }, default_tier: 'test' };
    const { open, plumb, assertCharged } = await start(context, engine, { settings });
    const first = open('one');
    const running = await engine.next();
    const leaving = new AbortController();
    const left = open('two', CHAT, { signal: leaving.signal }).catch(() => {});
    await until('it has its key', () => plumb.server.platform.claims.running === 2);
    // Who waits for it takes its place.
    const second = open('two');
    await until('the other one waits', () => plumb.server.platform.claims.waiting === 1);
    leaving.abort();
    await left;
    await until('it has taken its place', () => plumb.server.platform.claims.waiting === 0);
    const next = engine.next();
    running.sink.onEnd({ ...ended(USED), lastEvents: contentEvent('Hi', 'stop') });
    (await next).sink.onEnd({ ...ended(USED), lastEvents: contentEvent('Hi', 'stop') });
    assert.equal((await receive(await first)).status, 200);
    const received = await receive(await second);
    assert.deepEqual([received.status, received.isReplayed], [200, false]);
    await assertCharged(2);
  });

  test('while it waits for another one changes nothing for that', async (context) => {
    const engine = new PlayedEngine();
    const { open, plumb } = await start(context, engine);
    const first = open('one');
    const { sink } = await engine.next();
    const leaving = new AbortController();
    const left = open('one', CHAT, { signal: leaving.signal }).catch(() => {});
    const { claims } = plumb.server.platform;
    await until('it waits', () => claims.waiting === 1);
    leaving.abort();
    await left;
    await until('it is gone', () => claims.waiting === 0);
    sink.onEnd({ ...ended(USED), lastEvents: contentEvent('Hi', 'stop') });
    assert.equal((await receive(await first)).status, 200);
    assert.equal(claims.running, 0);
  });

  test('is waited for when the server stops', async (context) => {
    const engine = new PlayedEngine();
    const { open, plumb, stop } = await start(context, engine);
    const leaving = new AbortController();
    const left = open('one', CHAT, { signal: leaving.signal }).catch(() => {});
    const { sink } = await engine.next();
    leaving.abort();
    await left;
    const stopped = stop(60_000);
    await until('nothing listens any more', () =>
      fetch(`${plumb.url}/healthz`).then(
        () => false,
        () => true,
      ),
    );
    sink.onEnd({ ...ended(USED), lastEvents: contentEvent('Hi', 'stop') });
    await stopped;
    const restarted = await start(context, new AnsweringEngine(USED), { after: plumb });
    assert.equal((await restarted.send('one')).isReplayed, true);
  });
});

describe('while a request waits for the answer of another one', () => {
  for (const stream of [false, true]) {
    test(`it is kept alive, ${stream ? 'streamed' : 'buffered'}`, async (context) => {
      const clock = { time: 1_800_000_000_000, now: () => clock.time };
      const engine = new PlayedEngine();
      const { open, plumb } = await start(context, engine, { start: { clock } });
      const body = { ...CHAT, stream };
      const { claims, keepAlives } = plumb.server.platform;
      const first = open('one', body);
      const { sink } = await engine.next();
      const second = open('one', body);
      await until('it waits', () => claims.waiting === 1);
      clock.time += 10_000;
      keepAlives.tick();
      // Both have a status by now, and bytes that clients skip.
      const [one, other] = await Promise.all([first, second]);
      sink.onEnd({ ...ended(USED), lastEvents: contentEvent('Hi', 'stop') });
      const [ours, theirs] = [await receive(one), await receive(other)];
      assert.equal(theirs.text, ours.text);
      assert.ok(theirs.text.startsWith(stream ? ': keep-alive\n\n' : '\n'));
      const again = await receive(await open('one', body));
      assert.equal(again.text, ours.text.slice((stream ? ': keep-alive\n\n' : '\n').length), 'blanks are not kept');
    });
  }
});

describe('an answer that is longer than is kept', () => {
  for (const stream of [false, true]) {
    test(`is delivered and charged once, and never again, ${stream ? 'streamed' : 'buffered'}`, async (context) => {
      const settings = { idempotency: { retention_s: 60, answer_limit_bytes: 1024 } };
      const engine = new PlayedEngine();
      const { open, send, assertCharged } = await start(context, engine, { settings });
      const body = { ...CHAT, stream };
      const first = open('one', body);
      (await engine.next()).sink.onEnd({ ...ended(USED), lastEvents: contentEvent('x'.repeat(2000), 'stop') });
      assert.equal((await receive(await first)).status, 200);
      const refused = await send('one', body);
      assert.equal(refused.status, 409);
      assert.match(messageOf(refused), /^The answer for this Idempotency-Key was delivered once and is too long/);
      assert.equal(engine.generations.length, 1);
      await assertCharged(1);
    });
  }
});
