/** What the kit's fetch does with streams: held until the first token, then passed byte for byte, and watched to the end. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createKit, type KitEvent, type KitOptions } from '#client/index.js';
import { SkippingClock } from '../../support/client/skipping-clock.js';
import { type Answer, jsonOf, ScriptedUpstream, type Step, streamOf } from '../../support/scripted-upstream.js';

const chunk = (delta: object, more: object = {}) =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', choices: [{ index: 0, delta, finish_reason: null, ...more }] })}\n\n`;
const ROLE = chunk({ role: 'assistant', content: '' });
const HEL = chunk({ content: 'Hel' });
const LO = chunk({ content: 'lo' });
const STOP = chunk({}, { finish_reason: 'stop' });
const USAGE = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } })}\n\n`;
const DONE = 'data: [DONE]\n\n';
const WHOLE = [ROLE, HEL, LO, STOP, DONE];

let upstream: ScriptedUpstream;
let clock: SkippingClock;
let events: KitEvent[];
beforeEach(async () => {
  upstream = await ScriptedUpstream.start();
  clock = new SkippingClock();
  events = [];
});
afterEach(() => upstream.close());

/** Time for what was written to arrive. */
const arrived = () => new Promise((resolve) => setTimeout(resolve, 30));

/** Stream after stream, each made when it is asked for. */
function streamInTurn(...scripts: readonly (() => readonly Step[])[]): void {
  upstream.answerChat((_, number) => streamOf(...scripts[Math.min(number, scripts.length - 1)]!()));
}

function answer(script: Answer): void {
  upstream.answerChat(script);
}

async function stream(body: object = {}, options: KitOptions = {}, signal?: AbortSignal): Promise<Response> {
  const onEvent = (event: KitEvent) => events.push(event);
  const kit = createKit({ baseURL: upstream.url, apiKey: 'sk-test', clock, random: () => 0.5, onEvent, ...options });
  return kit.fetch(`${kit.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: kit.headers(),
    body: JSON.stringify({ model: 'deepseek-chat', messages: [], stream: true, ...body }),
    ...(signal === undefined ? {} : { signal }),
  });
}

describe('a stream that goes well', () => {
  test('is passed byte for byte, whatever its line ends and wherever it is cut', async () => {
    for (const text of [WHOLE.join(''), WHOLE.join('').replaceAll('\n', '\r\n'), `: keep-alive\n\n${WHOLE.join('')}`]) {
      const bytes = Buffer.from(text);
      for (let cut = 1; cut < bytes.length; cut += 17) {
        streamInTurn(() => [bytes.subarray(0, cut), bytes.subarray(cut)]);
        const response = await stream({ stream_options: { include_usage: false } });
        assert.equal(await response.text(), text);
      }
    }
  });

  test('is asked for its use, and the event with it is kept from who did not ask', async () => {
    streamInTurn(() => [ROLE, HEL, STOP, USAGE, DONE]);
    assert.equal(await (await stream()).text(), [ROLE, HEL, STOP, DONE].join(''));
    assert.deepEqual(upstream.requests[0]?.json.stream_options, { include_usage: true });
    const end = events.find((event) => event.type === 'answer');
    assert.deepEqual([end?.how, end?.use], ['complete', { promptTokens: 5, answerTokens: 2 }]);
    assert.equal(
      await (await stream({ stream_options: { include_usage: true } })).text(),
      [ROLE, HEL, STOP, USAGE, DONE].join(''),
    );
  });

  test('may end without [DONE], and without a blank line', async () => {
    streamInTurn(() => [ROLE, HEL, STOP.trimEnd()]);
    assert.equal(await (await stream()).text(), [ROLE, HEL, STOP].join(''));
  });
});

describe('a stream that fails before its first token', () => {
  const failures: [string, () => readonly Step[]][] = [
    ['cut after its head', () => [': keep-alive\n\n', arrived(), 'close!']],
    ['cut after the role', () => [ROLE, arrived(), 'close!']],
    ['ended without anything', () => [': keep-alive\n\n']],
    ['ended after the role', () => [ROLE, DONE]],
    ['with an error as its first event', () => ['data: {"error":{"message":"overloaded","code":503}}\n\n']],
    ['broken off for lack of resources', () => [chunk({}, { finish_reason: 'insufficient_system_resource' }), DONE]],
  ];
  for (const [name, script] of failures) {
    test(`is asked for again: ${name}`, async () => {
      streamInTurn(script, () => WHOLE);
      const response = await stream();
      assert.equal(response.status, 200);
      assert.equal(await response.text(), WHOLE.join(''));
      assert.equal(upstream.requests.length, 2);
    });
  }

  test('gets an honest status when no attempt begins', async () => {
    streamInTurn(() => ['data: {"error":{"message":"overloaded","code":503}}\n\n']);
    const response = await stream({}, { retry: { maxAttempts: 2 } });
    assert.equal(response.status, 503);
    assert.match(await response.text(), /overloaded \(after 2 attempts/);
  });

  test('is asked for again when nothing comes but keep-alives', async () => {
    const gate = Promise.withResolvers<void>();
    streamInTurn(
      () => [': keep-alive\n\n', gate.promise],
      () => WHOLE,
    );
    const asked = stream({}, { retry: { deadlineMs: 10_000_000 } });
    while (upstream.requests.length < 1 || clock.limits === 0) await new Promise(setImmediate);
    await arrived();
    clock.advance(630_000);
    assert.equal(await (await asked).text(), WHOLE.join(''));
    gate.resolve();
  });
});

describe('keep-alives', () => {
  for (const isStream of [true, false]) {
    test(`do not put off the beginning of ${isStream ? 'a stream' : 'an answer'}, however many come`, {
      timeout: 60_000,
    }, async () => {
      const [second, never] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const steps = isStream
        ? [': keep-alive\n\n', second.promise, ': keep-alive\n\n', never.promise]
        : ['\n', second.promise, '\n', never.promise];
      const type = isStream ? 'text/event-stream' : 'application/json';
      answer({ headers: { 'content-type': type }, steps });
      const asked = stream({ stream: isStream }, { retry: { deadlineMs: 10_000_000, maxAttempts: 1 } });
      while (upstream.requests.length < 1 || clock.limits === 0) await new Promise(setImmediate);
      await arrived();
      clock.advance(400_000);
      second.resolve();
      await arrived();
      clock.advance(230_000);
      const response = await asked;
      assert.equal(response.status, 504);
      assert.match(await response.text(), /The answer had not begun after 630 s/);
      never.resolve();
    });
  }

  test('count between two pieces of an answer that is not held back', async () => {
    const [second, third] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    streamInTurn(() => [HEL, second.promise, ': keep-alive\n\n', third.promise, LO, STOP, DONE]);
    const response = await stream({}, { holdUntilFirstToken: false, retry: { deadlineMs: 10_000_000 } });
    const read = response.text();
    await arrived();
    clock.advance(100_000);
    second.resolve();
    await arrived();
    clock.advance(100_000);
    third.resolve();
    assert.ok((await read).endsWith(DONE));
  });
});

describe('a stream that fails after its first token', () => {
  const failures: [string, () => readonly Step[], RegExp][] = [
    ['cut', () => [ROLE, HEL, arrived(), 'close!'], /without a finish_reason/],
    ['cut within an event', () => [ROLE, HEL, LO.slice(0, 30), arrived(), 'close!'], /without a finish_reason/],
    ['ended without a finish_reason', () => [ROLE, HEL, DONE], /without a finish_reason/],
    ['ended without anything more', () => [ROLE, HEL], /without a finish_reason/],
    [
      'with an error inside',
      () => [ROLE, HEL, arrived(), 'data: {"error":{"message":"out of memory"}}\n\n'],
      /out of memory/,
    ],
  ];
  for (const [name, script, message] of failures) {
    test(`says so in the stream, and is not asked for again: ${name}`, async () => {
      streamInTurn(script);
      const text = await (await stream()).text();
      assert.ok(text.startsWith(ROLE + HEL), text);
      const last = text.trimEnd().split('\n\n').at(-1) ?? '';
      assert.match(JSON.parse(last.slice('data: '.length)).error.message, message);
      assert.equal(upstream.requests.length, 1);
      assert.equal(events.find((event) => event.type === 'answer')?.how, 'interrupted');
    });
  }

  test('is a silence of 120 s', async () => {
    streamInTurn(() => [ROLE, HEL, 'hang!']);
    const response = await stream();
    const reader = response.body!.getReader();
    await reader.read();
    const read = (async () => {
      let text = '';
      for (let piece = await reader.read(); !piece.done; piece = await reader.read())
        text += new TextDecoder().decode(piece.value);
      return text;
    })();
    await arrived();
    clock.advance(120_000);
    assert.match(await read, /The stream stopped for 120 s/);
  });
});

describe('a reader of a stream', () => {
  test('who leaves ends the connection, and is charged what had come', async () => {
    streamInTurn(() => [ROLE, HEL, 'hang!']);
    const response = await stream();
    await response.body!.cancel();
    await upstream.requests[0]?.closed;
    assert.equal(events.find((event) => event.type === 'answer')?.how, 'left');
  });

  test('who aborts gets the reason of his signal', async () => {
    streamInTurn(() => [ROLE, HEL, 'hang!']);
    const controller = new AbortController();
    const response = await stream({}, {}, controller.signal);
    const read = response.text();
    await arrived();
    controller.abort(new Error('gone'));
    await assert.rejects(read, /gone/);
  });

  test('who is slow slows the endpoint down', async () => {
    const big = chunk({ content: 'x'.repeat(65_536) });
    answer(() => streamOf(ROLE, ...Array.from({ length: 400 }, () => big), STOP, DONE));
    const response = await stream();
    await arrived();
    await arrived();
    assert.ok(upstream.unsentBytes > 5_000_000, `${upstream.unsentBytes} bytes wait at the endpoint`);
    await response.body!.cancel();
  });
});

test('a stream that was asked for and came as JSON is handed on as JSON', async () => {
  answer(jsonOf({ choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }] }));
  assert.equal((await stream()).headers.get('content-type'), 'application/json');
});

test('nothing is held when every byte has to pass at once', async () => {
  const gate = Promise.withResolvers<void>();
  streamInTurn(() => [': keep-alive\n\n', gate.promise, ...WHOLE]);
  const response = await stream({}, { holdUntilFirstToken: false });
  assert.equal(response.status, 200);
  gate.resolve();
  assert.equal(await response.text(), `: keep-alive\n\n${WHOLE.join('')}`);
});
