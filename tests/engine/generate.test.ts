/** What the engine process says over its link for one request: the bytes of its chunks, and when and why it ends. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startEngine, type TestEngine } from '../support/engine-process.js';
import { writeRandomModel } from '../support/gguf/random-model.js';
import { writeScriptedModel } from '../support/gguf/scripted-model.js';
import { SCRIPTS, type ScriptName } from '../support/gguf/scripts.js';

const HELLO = SCRIPTS.hello.answer.text;
const HI_TOKENS = 9;

const folder = mkdtempSync(join(tmpdir(), 'plumb-generate-'));
after(() => rmSync(folder, { recursive: true }));

/** Starts an engine on a scripted model for the tests of a group. */
function useEngine(script: ScriptName): { engine: TestEngine; tokens: number; fingerprint: string } {
  const used = {} as { engine: TestEngine; tokens: number; fingerprint: string };
  before(async () => {
    const model = writeScriptedModel(join(folder, `${script}.gguf`), { script });
    used.tokens = model.tokenCounts.answer;
    used.engine = await startEngine({ modelPath: model.path });
    used.fingerprint = (await used.engine.description).fingerprint;
  });
  after(() => used.engine.stop());
  return used;
}

describe('a streamed answer', () => {
  const used = useEngine('hello');
  const head = (fingerprint: string) =>
    'data: {"id":"00000000-0000-4000-8000-000000000000","object":"chat.completion.chunk","created":1700000000,' +
    `"model":"test-model","system_fingerprint":"${fingerprint}","choices":[{"index":0,"delta":`;

  test('is a chunk with the role, one for each token, and one that says why it ended and what it cost', async () => {
    const { text, begun, usage } = await used.engine.run({ messages: [{ role: 'user', content: 'hello' }] });
    const chunk = (delta: object) =>
      `${head(used.fingerprint)}${JSON.stringify(delta)},"logprobs":null,"finish_reason":null}]}\n\n`;
    // The words of the script, with a space where a word alone would be a token of the vocabulary.
    const pieces = ['Hello!', ' This', ' is ', 'the ', 'scripted', ' test', ' model', ' speaking.'];
    assert.equal(pieces.length, used.tokens);
    assert.equal(
      text,
      chunk({ role: 'assistant', content: '' }) +
        pieces.map((content) => chunk({ content })).join('') +
        `${head(used.fingerprint)}{"content":""},"logprobs":null,"finish_reason":"stop"}],"usage":` +
        `{"prompt_tokens":${HI_TOKENS},"completion_tokens":${used.tokens},"total_tokens":${HI_TOKENS + used.tokens},` +
        '"prompt_tokens_details":{"cached_tokens":0},' +
        `"prompt_cache_hit_tokens":0,"prompt_cache_miss_tokens":${HI_TOKENS}}}\n\n`,
    );
    assert.ok(begun, 'inference begins before anything is said');
    assert.equal(usage?.completion_tokens, used.tokens);
  });

  test('says "usage":null in every chunk but the last with include_usage', async () => {
    const { chunks } = await used.engine.run({ stream_options: { include_usage: true } });
    assert.ok(chunks.slice(0, -1).every((chunk) => chunk.usage === null));
    assert.equal(Object.keys(chunks[0]!).at(-1), 'usage');
    assert.ok(chunks.at(-1)!.usage!.total_tokens > 0);
  });

  test('has the same text in fewer chunks when it is not to be streamed', async () => {
    const { content, chunks } = await used.engine.run({ stream: false });
    assert.equal(content, HELLO);
    assert.equal(chunks.length, 3);
  });

  test('ends at max_tokens with finish_reason length', async () => {
    const { finishReason, usage, content, chunks } = await used.engine.run({ max_tokens: 3 });
    assert.equal(finishReason, 'length');
    assert.equal(usage?.completion_tokens, 3);
    assert.equal(content, 'Hello! This is ');
    assert.equal(chunks.at(-1)!.choices[0]!.finish_reason, 'length');
  });

  test('ends before a stop sequence, wherever tokens end', async () => {
    for (const stop of ['is the', 's the scr', 'ript', '!', 'Hello', '.']) {
      const { content, finishReason } = await used.engine.run({ stop });
      assert.equal(content, HELLO.slice(0, HELLO.indexOf(stop)), stop);
      assert.equal(finishReason, 'stop');
    }
  });

  test('ends at the first of several stop sequences and passes those that never come', async () => {
    const { content } = await used.engine.run({ stop: ['never', 'model', 'test'] });
    assert.equal(content, 'Hello! This is the scripted ');
    assert.equal((await used.engine.run({ stop: ['Hello! That', 'speaking?'] })).content, HELLO);
  });

  test('is the same at any temperature and top_p when one token is far likelier than all others', async () => {
    for (const temperature of [0, 1e-9, 0.5, 1, 2]) {
      for (const top_p of [1e-6, 0.5, 1]) {
        assert.equal((await used.engine.run({ temperature, top_p })).content, HELLO, `${temperature} ${top_p}`);
      }
    }
  });
});

describe('an answer of characters that several tokens share', () => {
  const used = useEngine('unicode');

  test('never shows a part of one', async () => {
    const { content, chunks } = await used.engine.run({});
    assert.equal(content, SCRIPTS.unicode.answer.text);
    assert.ok(!JSON.stringify(chunks).includes('\ufffd'));
    assert.ok(chunks.length - 2 < used.tokens, 'tokens that complete no character have no chunk');
  });

  test('shows what was left of one when it is cut off', async () => {
    const { content } = await used.engine.run({ max_tokens: 1 });
    assert.equal(content, 'Gr\ufffd');
  });

  test('ends before a stop sequence of such characters', async () => {
    const { content } = await used.engine.run({ stop: '東京' });
    assert.equal(content, 'Grüße 👋🏽 from ');
  });
});

describe('an answer that never ends', () => {
  const used = useEngine('endless');

  test('ends with the context when max_tokens does not say otherwise', async () => {
    const { finishReason, usage } = await used.engine.run({});
    assert.equal(finishReason, 'length');
    assert.equal(usage?.total_tokens, 1024);
  });

  test('is driven off its text by a frequency penalty', async () => {
    const plain = await used.engine.run({ max_tokens: 300, temperature: 0 });
    const penalized = await used.engine.run({ max_tokens: 300, temperature: 0, frequency_penalty: 2 });
    assert.equal(plain.content.replaceAll(SCRIPTS.endless.answer.text, ''), '');
    assert.notEqual(penalized.content, plain.content);
    assert.equal(penalized.content.slice(0, 200), plain.content.slice(0, 200));
  });

  test('is not driven off by a presence penalty, which counts once however often a token came', async () => {
    const { content } = await used.engine.run({ max_tokens: 300, temperature: 0, presence_penalty: 2 });
    assert.equal(content.replaceAll(SCRIPTS.endless.answer.text, ''), '');
  });
});

describe('drawing at temperature 1', () => {
  let engine: TestEngine;
  before(async () => {
    const modelPath = join(folder, 'random.gguf');
    writeRandomModel(modelPath);
    engine = await startEngine({ modelPath, sequences: 16 });
  });
  after(() => engine.stop());

  const draw = async (fields: object) => (await engine.run({ max_tokens: 24, ...fields })).content;

  test('gives the same text for the same seed and another one for another', async () => {
    const first = await draw({ seed: 7 });
    assert.equal(await draw({ seed: 7 }), first);
    assert.notEqual(await draw({ seed: 8 }), first);
    assert.notEqual(await draw({ seed: 2 ** 32 + 7 }), first, 'seeds beyond 32 bits count');
    assert.notEqual(await draw({}), await draw({}));
  });

  test('gives the same text for a seed, streamed or not, alone or among others', async () => {
    const alone = await draw({ seed: 7 });
    const texts = await Promise.all(Array.from({ length: 16 }, (_, index) => draw({ seed: 7 + (index % 2) })));
    assert.ok(texts.every((text, index) => index % 2 !== 0 || text === alone));
    assert.equal(await draw({ seed: 7, stream: false }), alone);
  });

  test('draws the likeliest token alone with a small top_p, and less likely ones with a higher temperature', async () => {
    const likeliest = await draw({ temperature: 0 });
    assert.equal(await draw({ top_p: 1e-6, seed: 3 }), likeliest);
    assert.notEqual(await draw({ temperature: 2, seed: 3 }), likeliest);
  });

  test('answers sixteen at once as each alone at temperature 0', async () => {
    const ask = (index: number, scope: string) =>
      engine.run(
        { messages: [{ role: 'user', content: `Question ${index}` }], temperature: 0, max_tokens: 32 },
        { scope },
      );
    const alone: string[] = [];
    for (let index = 0; index < 16; index++) alone.push((await ask(index, 'alone')).content);
    const together = await Promise.all(Array.from({ length: 16 }, (_, index) => ask(index, 'together')));
    assert.deepEqual(
      together.map(({ content }) => content),
      alone,
    );
    assert.ok(new Set(alone).size > 8, 'the questions have answers of their own');
  });
});
