/** How likely the tokens of an answer were, as the model itself has it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ChatRequest, TokenLogprob } from '@plumb/wire';
import { foldOutcome, type Outcome, startEngine, type TestEngine } from '../support/engine-process.js';
import { writeRandomModel } from '../support/gguf/random-model.js';
import { writeScriptedModel } from '../support/gguf/scripted-model.js';
import { SCRIPTS } from '../support/gguf/scripts.js';

const folder = mkdtempSync(join(tmpdir(), 'plumb-logprobs-'));
let random: TestEngine;
let scripted: TestEngine;
let unicode: TestEngine;
before(async () => {
  const path = (name: string) => join(folder, `${name}.gguf`);
  writeRandomModel(path('random'));
  writeScriptedModel(path('tool'), { script: 'tool' });
  writeScriptedModel(path('unicode'), { script: 'unicode' });
  random = await startEngine({ modelPath: path('random') });
  scripted = await startEngine({ modelPath: path('tool') });
  unicode = await startEngine({ modelPath: path('unicode') });
});
after(async () => {
  await Promise.all([random, scripted, unicode].map((engine) => engine.stop()));
  rmSync(folder, { recursive: true });
});

async function run(engine: TestEngine, request: Partial<ChatRequest>, thinking = false): Promise<Outcome> {
  return engine.run({ logprobs: true, ...request }, { thinking });
}

function tokensOf(outcome: Outcome, part: 'content' | 'reasoning_content' = 'content'): TokenLogprob[] {
  return foldOutcome(outcome).choices[0]!.logprobs?.[part] ?? [];
}

describe('logprobs', () => {
  test('are null unless they are asked for', async () => {
    const { chunks } = await scripted.run({});
    assert.ok(chunks.every(({ choices }) => choices[0]!.logprobs === null));
  });

  test('come with the chunk of their token', async () => {
    const outcome = await run(scripted, { max_tokens: 5 });
    const chunks = outcome.chunks.slice(1, -1);
    assert.equal(chunks.length, 5);
    for (const { choices } of chunks) {
      const { delta, logprobs } = choices[0]!;
      assert.deepEqual(Object.keys(logprobs!), ['content', 'reasoning_content']);
      assert.equal(logprobs!.content!.length, 1);
      assert.equal(logprobs!.content![0]!.token, delta.content);
      assert.deepEqual(logprobs!.content![0]!.top_logprobs, []);
    }
    assert.equal(outcome.chunks[0]!.choices[0]!.logprobs, null);
    assert.equal(outcome.chunks.at(-1)!.choices[0]!.logprobs, null);
  });

  test('are of the tokens that the answer is made of, streamed and buffered', async () => {
    const streamed = await run(unicode, { top_logprobs: 1 });
    const tokens = tokensOf(streamed);
    assert.equal(Buffer.concat(tokens.map(({ bytes }) => Buffer.from(bytes!))).toString(), SCRIPTS.unicode.answer.text);
    assert.equal(tokens.length, streamed.usage!.completion_tokens);
    const buffered = await run(unicode, { top_logprobs: 1, stream: false });
    assert.deepEqual(foldOutcome(buffered), { ...foldOutcome(streamed), usage: foldOutcome(buffered).usage });
  });

  test('are of the model itself, whatever the temperature and the grammar of the draw', async () => {
    const messages: ChatRequest['messages'] = [{ role: 'user', content: 'Hi' }];
    const response_format = { type: 'json_object' as const };
    const free = tokensOf(await run(random, { messages, temperature: 0, max_tokens: 1, top_logprobs: 20 }));
    const [first] = tokensOf(await run(random, { messages, temperature: 2, max_tokens: 8, top_logprobs: 20, seed: 1 }));
    const [bound] = tokensOf(await run(random, { messages, response_format, max_tokens: 1, top_logprobs: 20 }));
    assert.deepEqual(first!.top_logprobs, free[0]!.top_logprobs);
    assert.deepEqual(bound!.top_logprobs, free[0]!.top_logprobs);
    assert.equal(bound!.token[0], '{');
  });

  test('are in order, of the number asked for, and of probabilities that sum up to at most one', async () => {
    const tokens = tokensOf(await run(random, { max_tokens: 30, top_logprobs: 20, seed: 2 }));
    for (const { token, logprob, top_logprobs } of tokens) {
      assert.equal(top_logprobs.length, 20);
      const values = top_logprobs.map((top) => top.logprob);
      assert.deepEqual(
        values,
        values.toSorted((left, right) => right - left),
      );
      const sum = values.reduce((total, value) => total + Math.exp(value), 0);
      assert.ok(sum > 0.5 && sum < 1 + 1e-5, `${sum}`);
      const own = top_logprobs.find((top) => top.logprob === logprob);
      assert.ok(own !== undefined || logprob === -9999, token);
    }
    const [some] = tokensOf(await run(random, { max_tokens: 1, top_logprobs: 3 }));
    assert.equal(some!.top_logprobs.length, 3);
  });

  test('say -9999 of a token that is not among the twenty likeliest', async () => {
    const schema = { type: 'string', pattern: '^[\\u4e00-\\u9fff]{8}$' };
    const response_format = { type: 'json_schema' as const, json_schema: { name: 'x', schema } };
    const tokens = tokensOf(await run(random, { response_format, max_tokens: 40, temperature: 0 }));
    assert.ok(tokens.some(({ logprob }) => logprob === -9999));
  });

  test('are apart for the reasoning', async () => {
    const outcome = await run(scripted, {}, true);
    const text = (tokens: TokenLogprob[]) => tokens.map(({ token }) => token).join('');
    assert.equal(text(tokensOf(outcome, 'reasoning_content')), SCRIPTS.hello.thinking.text);
    assert.ok(outcome.content.startsWith(text(tokensOf(outcome)).slice(0, 20)));
  });

  test('are of the words alone where there is a call', async () => {
    const tools = [
      {
        type: 'function' as const,
        function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
      },
    ];
    const tokens = tokensOf(await run(scripted, { tools }));
    assert.equal(
      tokens
        .map(({ token }) => token)
        .join('')
        .trim(),
      'I will look that up.',
    );
  });
});
