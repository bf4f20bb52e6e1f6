/** When the kit's fetch sends again, how long it waits, and what its caller hears in the end. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createKit, type KitEvent, type KitOptions } from '#client/index.js';
import { SkippingClock } from '../../support/client/skipping-clock.js';
import { type Answer, jsonOf, ScriptedUpstream } from '../../support/scripted-upstream.js';

const PATH = '/v1/chat/completions';
const USAGE = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const ANSWER = {
  id: 'chatcmpl-1',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: USAGE,
};
const failure = (message: string, status: number, headers: Record<string, string> = {}) =>
  jsonOf({ error: { message, type: 'server_error', code: null } }, status, headers);

let upstream: ScriptedUpstream;
let clock: SkippingClock;
let events: KitEvent[];
beforeEach(async () => {
  upstream = await ScriptedUpstream.start();
  clock = new SkippingClock();
  events = [];
});
afterEach(() => upstream.close());

function kitFor(options: KitOptions = {}) {
  return createKit({
    baseURL: upstream.url,
    apiKey: 'sk-test',
    clock,
    random: () => 0.5,
    onEvent: (event) => events.push(event),
    ...options,
  });
}

function answerInTurn(...answers: readonly Answer[]): void {
  upstream.answer(PATH, (request, number) => {
    const answer = answers[Math.min(number, answers.length - 1)]!;
    return typeof answer === 'function' ? answer(request, number) : answer;
  });
}

async function ask(kit = kitFor(), body: object = {}, headers: Record<string, string> = {}, signal?: AbortSignal) {
  const request = { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }], ...body };
  return kit.fetch(`${kit.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...kit.headers(), ...headers },
    body: JSON.stringify(request),
    ...(signal === undefined ? {} : { signal }),
  });
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into it freely.
const bodyOf = async (response: Response): Promise<any> => response.json();

describe('an answer', () => {
  test('is handed on as it came', async () => {
    answerInTurn(jsonOf(ANSWER, 200, { 'x-request-id': 'req_1' }));
    const response = await ask();
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('x-request-id'), 'req_1');
    assert.deepEqual(await bodyOf(response), ANSWER);
    assert.equal(upstream.requests.length, 1);
  });

  test('does without the blank lines that kept its connection alive', async () => {
    answerInTurn({ headers: { 'content-type': 'application/json' }, steps: ['\n\n', '\n', JSON.stringify(ANSWER)] });
    assert.deepEqual(await bodyOf(await ask()), ANSWER);
  });

  test('of something that generates nothing passes as well', async () => {
    upstream.answer('/v1/models', jsonOf({ object: 'list', data: [] }));
    const kit = kitFor();
    const response = await kit.fetch(`${kit.baseUrl}/models`, { headers: kit.headers() });
    assert.deepEqual(await bodyOf(response), { object: 'list', data: [] });
  });
});

describe('a failure that may be gone when asked again', () => {
  for (const status of [408, 409, 500, 502, 503, 504]) {
    test(`is made up for after ${status}`, async () => {
      answerInTurn(failure('busy', status), failure('busy', status), jsonOf(ANSWER));
      assert.equal((await ask()).status, 200);
      assert.equal(upstream.requests.length, 3);
      assert.deepEqual(clock.waits, [125, 250]);
    });
  }

  test('ends with the status, the words and every attempt when the attempts are spent', async () => {
    answerInTurn((_, number) => failure('kaputt', 500, { 'x-request-id': `req_${number}` }));
    const response = await ask(kitFor({ retry: { maxAttempts: 3 } }));
    assert.equal(response.status, 500);
    assert.equal(response.headers.get('x-should-retry'), 'false');
    const { error } = await bodyOf(response);
    assert.match(error.message, /^kaputt \(after 3 attempts in \d+\.\d s\)\.$/);
    assert.deepEqual(
      error.attempts.map((attempt: { status: number; requestId: string }) => [attempt.status, attempt.requestId]),
      [
        [500, 'req_0'],
        [500, 'req_1'],
        [500, 'req_2'],
      ],
    );
  });

  test('waits as long as the server says, and by chance a little longer', async () => {
    answerInTurn(failure('later', 503, { 'retry-after': '70' }), jsonOf(ANSWER));
    assert.equal((await ask()).status, 200);
    assert.deepEqual(clock.waits, [71_000]);
  });

  test('takes milliseconds from retry-after-ms', async () => {
    answerInTurn(failure('later', 503, { 'retry-after-ms': '1500', 'retry-after': '2' }), jsonOf(ANSWER));
    await ask();
    assert.deepEqual(clock.waits, [1575]);
  });

  test('is told at once when the server asks for more time than the caller has', async () => {
    answerInTurn(failure('later', 503, { 'retry-after': '300' }), jsonOf(ANSWER));
    const response = await ask(kitFor(), {}, { 'x-kit-deadline-ms': '200000' });
    assert.deepEqual([response.status, upstream.requests.length], [503, 1]);
    assert.equal(upstream.requests[0]?.headers['x-kit-deadline-ms'], undefined);
  });

  test('is not retried against x-should-retry, and is with it', async () => {
    answerInTurn(failure('no use', 503, { 'x-should-retry': 'false' }));
    assert.equal((await ask()).status, 503);
    assert.equal(upstream.requests.length, 1);
    answerInTurn(failure('odd', 400, { 'x-should-retry': 'true' }), jsonOf(ANSWER));
    assert.equal((await ask()).status, 200);
  });

  test('is a connection that nobody listens on', async () => {
    const kit = kitFor({ baseURL: 'http://127.0.0.1:1/v1', retry: { maxAttempts: 2 } });
    const response = await ask(kit);
    assert.equal(response.status, 503);
    const { error } = await bodyOf(response);
    assert.equal(error.code, 'connection');
    assert.match(error.message, /^The connection to the endpoint failed/);
    assert.equal(error.attempts.length, 2);
  });

  test('is an idle connection that the server had closed: it is sent again at once', async () => {
    answerInTurn({ before: ['reset!'] }, jsonOf(ANSWER));
    assert.equal((await ask()).status, 200);
    assert.deepEqual(clock.waits, []);
  });

  test('is a body that ends before its JSON does', async () => {
    answerInTurn(
      { headers: { 'content-type': 'application/json' }, steps: ['{"choices": [', 'close!'] },
      jsonOf(ANSWER),
    );
    assert.deepEqual(await bodyOf(await ask()), ANSWER);
  });

  test('is a silence of 630 s before the answer begins', async () => {
    answerInTurn({ steps: ['\n', 'hang!'] }, jsonOf(ANSWER));
    const asked = ask(kitFor({ retry: { deadlineMs: 10_000_000 } }));
    await upstream.requests.length;
    while (upstream.requests.length < 1 || clock.limits === 0) await new Promise(setImmediate);
    clock.advance(630_000);
    assert.equal((await asked).status, 200);
    assert.match(JSON.stringify(events), /had not begun after 630 s/);
  });
});

describe('a 200 that is no answer', () => {
  const cases: [string, Answer, RegExp][] = [
    ['nothing but blank lines', { headers: { 'content-type': 'application/json' }, steps: ['\n\n\n'] }, /blank lines/],
    ['an error inside', jsonOf({ error: { message: 'out of memory', type: 'server_error' } }), /^out of memory/],
    ['a page of a proxy', { headers: { 'content-type': 'text/html' }, steps: ['<html></html>'] }, /no whole JSON/],
    ['JSON without choices', jsonOf({ id: 'x' }), /holds no answer/],
    [
      'an answer that was broken off',
      jsonOf({ choices: [{ message: { content: 'He' }, finish_reason: 'insufficient_system_resource' }] }),
      /lack of resources/,
    ],
  ];
  for (const [name, answer, message] of cases) {
    test(`is retried, then an error: ${name}`, async () => {
      answerInTurn(answer);
      const response = await ask(kitFor({ retry: { maxAttempts: 2 } }));
      assert.ok(response.status >= 500, String(response.status));
      const { error } = await bodyOf(response);
      assert.match(error.message, message);
      assert.equal(upstream.requests.length, 2);
    });
  }

  test('may hold an error that no retry helps against', async () => {
    answerInTurn(jsonOf({ error: { message: 'bad tools', code: 400 } }));
    const response = await ask();
    assert.deepEqual([response.status, upstream.requests.length], [400, 1]);
  });
});

describe('a refusal', () => {
  for (const status of [400, 404, 413, 415, 422]) {
    test(`with ${status} is final`, async () => {
      answerInTurn(failure('wrong', status));
      const response = await ask();
      assert.deepEqual([response.status, upstream.requests.length], [status, 1]);
      assert.equal((await bodyOf(response)).error.message, 'wrong');
    });
  }

  test('for limits costs no attempt', async () => {
    const refusals = Array.from({ length: 9 }, () => failure('slow down', 429, { 'retry-after': '1' }));
    answerInTurn(...refusals, jsonOf(ANSWER));
    assert.equal((await ask(kitFor({ retry: { maxAttempts: 2 } }))).status, 200);
    assert.equal(upstream.requests.length, 10);
  });

  test('because the money is spent is final, also as a 429', async () => {
    answerInTurn(failure('You exceeded your current quota, please check your plan and billing details.', 429));
    const response = await ask();
    assert.deepEqual([response.status, upstream.requests.length], [429, 1]);
  });

  test('of the key stops everyone who sends with it', async () => {
    answerInTurn(failure('Authentication Fails', 401));
    const kit = kitFor();
    assert.equal((await ask(kit)).status, 401);
    assert.equal((await ask(kit, { temperature: 1 })).status, 401);
    assert.equal(upstream.requests.length, 1);
    assert.equal((await ask(kit, {}, { authorization: 'Bearer sk-other' })).status, 401);
    assert.equal(upstream.requests.length, 2);
  });
});

describe('an SDK that retries by itself', () => {
  test('hears the verdict again, and the endpoint nothing', async () => {
    answerInTurn(failure('kaputt', 500));
    const kit = kitFor({ retry: { maxAttempts: 2 }, breaker: { consecutiveFailures: 100 } });
    await ask(kit, {}, { 'user-agent': 'ai/7 ai-sdk/provider-utils/4' });
    const again = await ask(kit, {}, { 'user-agent': 'ai/7 ai-sdk/provider-utils/4' });
    assert.deepEqual([again.status, upstream.requests.length], [500, 2]);
    await ask(kit, {}, { 'x-stainless-retry-count': '1' });
    assert.equal(upstream.requests.length, 2);
    await ask(kit, {}, { 'x-stainless-retry-count': '0' });
    assert.equal(upstream.requests.length, 4);
  });
});

describe('a caller who leaves', () => {
  test('gets the reason of his signal, while waiting and while sending', async () => {
    answerInTurn({ before: ['hang!'] });
    const controller = new AbortController();
    const asked = ask(kitFor(), {}, {}, controller.signal);
    while (upstream.requests.length < 1) await new Promise(setImmediate);
    controller.abort(new Error('gone'));
    await assert.rejects(asked, /gone/);
    await assert.rejects(ask(kitFor(), {}, {}, AbortSignal.abort(new Error('never came'))), /never came/);
  });
});

test('no key and no prompt is in what a kit tells', async () => {
  answerInTurn((_, number) =>
    failure(
      `Incorrect API key provided: sk-secret-${number} for "a prompt that nobody else may ever come to read"`,
      500,
    ),
  );
  const response = await ask(kitFor({ retry: { maxAttempts: 2 } }));
  const { error } = await bodyOf(response);
  assert.doesNotMatch(JSON.stringify([events, error.attempts]), /secret|nobody else/);
});
