/** Requests that the engine does not run: too long for the context, refused by the template, or not offered. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ChatRequest } from '@plumb/wire';
import { startEngine, type TestEngine } from '../support/engine-process.js';
import { writeScriptedModel } from '../support/gguf/scripted-model.js';

const CONTEXT_TOKENS = 512;
const MEBIBYTE = 1024 * 1024;
/** Far more than a refusal takes, far less than reading the text would. */
const SOON_MS = 30_000;

const folder = mkdtempSync(join(tmpdir(), 'plumb-refusals-'));
after(() => rmSync(folder, { recursive: true }));

let engine: TestEngine;
before(async () => {
  const { path } = writeScriptedModel(join(folder, 'scripted.gguf'));
  engine = await startEngine({ modelPath: path, contextTokens: CONTEXT_TOKENS });
});
after(() => engine.stop());

function user(content: string): ChatRequest['messages'] {
  return [{ role: 'user', content }];
}

async function refusal(request: Partial<ChatRequest>): Promise<string> {
  const { failure, text, begun } = await engine.run(request);
  assert.equal(failure?.status, 400);
  assert.equal(failure.body.error.type, 'invalid_request_error');
  assert.equal(text, '');
  assert.equal(begun, false);
  return failure.body.error.message;
}

/** The two numbers of the message on the context's length. */
function lengthsIn(message: string): { prompt: number; completion: number } {
  const match =
    /^This model's maximum context length is 512 tokens\. However, you requested (\d+) tokens \((\d+) in the messages, (\d+) in the completion\)\. Please reduce the length of the messages or completion\.$/.exec(
      message,
    );
  assert.ok(match, message);
  const [total, prompt, completion] = match.slice(1).map(Number) as [number, number, number];
  assert.equal(total, prompt + completion);
  return { prompt, completion };
}

describe('a request that does not fit the context', () => {
  const HI_TOKENS = 9;

  test('is refused when max_tokens leaves no room for the prompt, and only then', async () => {
    const messages = user('hello');
    const fits = await engine.run({ messages, max_tokens: CONTEXT_TOKENS - HI_TOKENS });
    assert.equal(fits.usage?.prompt_tokens, HI_TOKENS);
    const { prompt, completion } = lengthsIn(await refusal({ messages, max_tokens: CONTEXT_TOKENS - HI_TOKENS + 1 }));
    assert.deepEqual([prompt, completion], [HI_TOKENS, CONTEXT_TOKENS - HI_TOKENS + 1]);
  });

  test('is refused when the prompt leaves no room for a single token', async () => {
    const line = 'hello\n';
    const messages = (lines: number) => user(line.repeat(lines));
    const count = (lines: number) =>
      engine.count({ request: { model: 'm', messages: messages(lines) }, thinking: false });
    let lines = 1;
    while ((await count(lines)) < CONTEXT_TOKENS) lines++;
    const { prompt, completion } = lengthsIn(await refusal({ messages: messages(lines) }));
    assert.deepEqual([prompt, completion], [await count(lines), 1]);
    assert.equal((await engine.run({ messages: messages(lines - 2) })).failure, undefined);
  });

  const long: [string, () => ChatRequest['messages']][] = [
    ['of 48 MB', () => user('word '.repeat((47 * MEBIBYTE) / 5))],
    ['of 1 MB without a space', () => user('x'.repeat(MEBIBYTE))],
    ['of ten thousand messages', () => Array.from({ length: 10_000 }, () => ({ role: 'user', content: 'x' }))],
    ['of half a million messages', () => Array.from({ length: 500_000 }, () => ({ role: 'user', content: '' }))],
  ];
  for (const [name, messages] of long) {
    test(`is refused soon when it is one ${name}`, async () => {
      const request = { messages: messages() };
      const startedAt = performance.now();
      const { prompt } = lengthsIn(await refusal(request));
      assert.ok(prompt > CONTEXT_TOKENS);
      assert.ok(performance.now() - startedAt < SOON_MS);
    });
  }

  test('is estimated within a tenth where it is not counted', async () => {
    const messages = (words: number) => user('hello '.repeat(words));
    const perWord = (await engine.count({ request: { model: 'm', messages: messages(200) }, thinking: false })) / 200;
    const { prompt } = lengthsIn(await refusal({ messages: messages(100_000) }));
    assert.ok(Math.abs(prompt / (100_000 * perWord) - 1) < 0.1, `${prompt}`);
  });
});

describe('what the engine does not offer', () => {
  const tools = [{ type: 'function' as const, function: { name: 'f' } }];
  const cases: [string, Partial<ChatRequest>][] = [
    [
      'image_url',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x.test/i.png' } }] }] },
    ],
    ['file', { messages: [{ role: 'user', content: [{ type: 'file', file_id: 'file-1' }] }] }],
  ];
  for (const [field, request] of cases) {
    test(`such as ${field} is refused by name`, async () => {
      assert.match(await refusal(request), new RegExp(`does not offer \`${field}\``));
    });
  }

  test('is no obstacle where it asks for nothing', async () => {
    const fields = { tools, tool_choice: 'none' as const, logprobs: false, response_format: { type: 'text' as const } };
    assert.equal((await engine.run(fields)).failure, undefined);
    assert.equal((await engine.run({ tools: [], logprobs: null, response_format: null })).failure, undefined);
  });
});
