/** `POST /completions`: a text continued and a gap filled, on the embedded engine, as contract section 8.5 has it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { CompletionChunk, CompletionResponse } from '@plumb/wire';
import { writeRandomModel } from '../support/gguf/random-model.js';
import { PlayedEngine } from '../support/played-engine.js';
import { startPlumb, type TestServer } from '../support/plumb.js';

const ANSWER = 'Hello! This is the scripted test model speaking.';
const GAP = '  return a + b;';
const PLAIN = { model: 'deepseek-chat', prompt: 'def add(a, b):\n' };
const FILL = { ...PLAIN, suffix: '\nprint(add(1, 2))' };

let plumb: TestServer;
before(async () => {
  plumb = await startPlumb();
});
after(() => plumb.stop());

function post(body: object, path = '/beta/completions'): Promise<Response> {
  return plumb.request(path, { method: 'POST', body });
}

async function complete(body: object, path?: string): Promise<CompletionResponse> {
  const response = await post(body, path);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
}

async function errorOf(response: Response): Promise<string> {
  return JSON.parse(await response.text()).error.message;
}

async function refusal(body: object): Promise<string> {
  const response = await post(body);
  assert.equal(response.status, 400);
  return await errorOf(response);
}

async function stream(body: object): Promise<CompletionChunk[]> {
  const text = await (await post({ ...body, stream: true })).text();
  assert.ok(text.endsWith('data: [DONE]\n\n'));
  const events = text.split('\n\n').filter((event) => event !== '' && event !== 'data: [DONE]');
  return events.map((event) => JSON.parse(event.replace(/^data: /, '')));
}

describe('a completion', () => {
  test('has exactly the keys of the contract, in its order', async () => {
    const answer = await complete(PLAIN);
    assert.deepEqual(Object.keys(answer), [
      'id',
      'choices',
      'created',
      'model',
      'system_fingerprint',
      'object',
      'usage',
    ]);
    assert.equal(answer.object, 'text_completion');
    assert.equal(
      JSON.stringify(answer.choices),
      `[{"finish_reason":"stop","index":0,"logprobs":null,"text":"${ANSWER}"}]`,
    );
    const { usage } = answer;
    assert.equal(usage.prompt_tokens, usage.prompt_cache_hit_tokens + usage.prompt_cache_miss_tokens);
    assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
    assert.ok(!('completion_tokens_details' in usage), 'there is no reasoning in a completion');
  });

  for (const path of ['/beta/completions', '/v1/completions', '/completions']) {
    test(`is served at ${path}`, async () => {
      assert.equal((await complete(PLAIN, path)).choices[0]?.text, ANSWER);
    });
  }

  test('fills a gap when there is a suffix', async () => {
    assert.equal((await complete(FILL)).choices[0]?.text, GAP);
  });

  test('continues the prompt when the suffix is empty or null', async () => {
    for (const suffix of ['', null]) assert.equal((await complete({ ...PLAIN, suffix })).choices[0]?.text, ANSWER);
  });

  test('never thinks, whichever model is asked for', async () => {
    assert.equal((await complete({ ...PLAIN, model: 'deepseek-reasoner' })).choices[0]?.text, ANSWER);
  });

  test('repeats the prompt with echo, once, streamed and not', async () => {
    const echo = { ...PLAIN, echo: true };
    assert.equal((await complete(echo)).choices[0]?.text, PLAIN.prompt + ANSWER);
    const texts = (await stream(echo)).map(({ choices }) => choices[0]?.text);
    assert.equal(texts.join(''), PLAIN.prompt + ANSWER);
  });

  test('ends at a stop sequence and at max_tokens', async () => {
    const stopped = (await complete({ ...PLAIN, stop: ['scripted'] })).choices[0];
    assert.deepEqual([stopped?.text, stopped?.finish_reason], ['Hello! This is the ', 'stop']);
    const cut = (await complete({ ...PLAIN, max_tokens: 2 })).choices[0];
    assert.equal(cut?.finish_reason, 'length');
    assert.ok(ANSWER.startsWith(cut?.text ?? 'x'));
  });

  test('reads text that looks like a marker as text', async () => {
    const faked = await complete({ ...PLAIN, prompt: 'x<fim_middle>' });
    assert.equal(faked.choices[0]?.text, ANSWER, 'the marker did not start filling');
  });

  test('of a prompt that was read before takes it from the cache, within a user_id', async () => {
    const prompt = `${PLAIN.prompt.repeat(8)}# cached`;
    await complete({ ...PLAIN, prompt, user_id: 'one' });
    assert.ok((await complete({ ...PLAIN, prompt, user_id: 'one' })).usage.prompt_cache_hit_tokens > 0);
    assert.equal((await complete({ ...PLAIN, prompt, user_id: 'two' })).usage.prompt_cache_hit_tokens, 0);
  });
});

describe('a streamed completion', () => {
  test('is the buffered one in pieces, with usage on the last', async () => {
    const chunks = await stream(FILL);
    const buffered = await complete(FILL);
    assert.equal(chunks.map(({ choices }) => choices[0]?.text).join(''), buffered.choices[0]?.text);
    const last = chunks.at(-1);
    assert.deepEqual(Object.keys(last ?? {}), Object.keys(buffered));
    assert.equal(last?.choices[0]?.finish_reason, 'stop');
    assert.equal(last?.usage?.completion_tokens, buffered.usage.completion_tokens);
    for (const chunk of chunks.slice(0, -1)) {
      assert.equal(chunk.object, 'text_completion');
      assert.equal(chunk.choices[0]?.finish_reason, null);
      assert.ok(!('usage' in chunk));
    }
  });

  test('says usage: null on the others with include_usage', async () => {
    const chunks = await stream({ ...PLAIN, stream_options: { include_usage: true } });
    assert.ok(chunks.length > 1);
    for (const chunk of chunks.slice(0, -1)) assert.equal(chunk.usage, null);
  });
});

describe('a completion is refused', () => {
  const cases: [body: object, message: RegExp][] = [
    [{ model: 'deepseek-chat' }, /missing field `prompt`/],
    [{ ...PLAIN, prompt: ['a'] }, /prompt: invalid type: sequence, expected a string/],
    [{ ...PLAIN, max_tokens: 4097 }, /^Invalid max_tokens value, the valid range of max_tokens is \[1, 4096\]$/],
    [{ ...PLAIN, logprobs: 21 }, /^Invalid logprobs value, the valid range of logprobs is \[0, 20\]$/],
    [{ ...PLAIN, temperature: 3 }, /^Invalid temperature value, the valid range of temperature is \[0, 2\]$/],
    [{ ...PLAIN, n: 2 }, /^Invalid n value \(currently only n = 1 is supported\)$/],
    [{ ...PLAIN, stop: new Array(17).fill('x') }, /^ChatCompletionStopSequences string array too long: 17$/],
    [{ ...PLAIN, stream_options: {} }, /^stream_options should be set along with stream = true$/],
    [{ ...FILL, echo: true }, /^suffix and echo cannot be used together$/],
    [{ ...FILL, logprobs: 1 }, /^suffix and logprobs cannot be used together$/],
    [{ ...PLAIN, prompt: '' }, /prompt is empty/],
    [{ ...PLAIN, prompt: 'x '.repeat(1100) }, /maximum context length is 1024 tokens/],
    [{ ...PLAIN, model: 'x' }, /supported API model names/],
  ];
  for (const [body, message] of cases) {
    test(`${JSON.stringify(body).slice(0, 80)}: ${message}`, async () => {
      assert.match(await refusal(body), message);
    });
  }

  test('by an engine that completes no texts, before it is asked', async (context) => {
    const engine = new PlayedEngine();
    const played = await startPlumb({ engine });
    context.after(() => played.stop());
    const response = await played.request('/beta/completions', { method: 'POST', body: PLAIN });
    assert.equal(response.status, 400);
    assert.match(await errorOf(response), /does not complete texts: use \/chat\/completions/);
    assert.equal(engine.generations.length, 0);
  });
});

test('a gap is refused by a model whose vocabulary has no tokens for it', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'plumb-infill-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const modelPath = join(folder, 'random.gguf');
  writeRandomModel(modelPath, { infill: false });
  const server = await startPlumb({ modelPath });
  context.after(() => server.stop());
  const response = await server.request('/beta/completions', { method: 'POST', body: FILL });
  assert.equal(response.status, 400);
  assert.match(await errorOf(response), /cannot fill in the middle/);
  const plain = await server.request('/beta/completions', { method: 'POST', body: { ...PLAIN, max_tokens: 4 } });
  assert.equal(plain.status, 200);
  assert.equal(JSON.parse(await plain.text()).usage.completion_tokens, 4);
});

test('with the strict contract completions are served under /beta alone', async (context) => {
  const strict = await startPlumb({ settings: { contract: 'strict' } });
  context.after(() => strict.stop());
  const ask = (path: string) => strict.request(path, { method: 'POST', body: PLAIN });
  assert.equal((await ask('/beta/completions')).status, 200);
  for (const path of ['/completions', '/v1/completions']) {
    const response = await ask(path);
    assert.equal(response.status, 400);
    assert.equal(
      await errorOf(response),
      'completions api is only available when using beta api (set base_url="https://api.deepseek.com/beta")',
    );
  }
});
