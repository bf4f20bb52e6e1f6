/** Reasoning before the answer, with models that were trained to think and with others. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startEngine, type TestEngine } from '../support/engine-process.js';
import { type ScriptedModel, type ScriptedModelOptions, writeScriptedModel } from '../support/gguf/scripted-model.js';
import { SCRIPTS } from '../support/gguf/scripts.js';

const HELLO = SCRIPTS.hello.answer.text;
const THOUGHTS = SCRIPTS.hello.thinking.text;
const THINKING_TOKENS = 20;

const folder = mkdtempSync(join(tmpdir(), 'plumb-thinking-'));
after(() => rmSync(folder, { recursive: true }));

function useEngine(name: string, options: ScriptedModelOptions): { engine: TestEngine; model: ScriptedModel } {
  const used = {} as { engine: TestEngine; model: ScriptedModel };
  before(async () => {
    used.model = writeScriptedModel(join(folder, `${name}.gguf`), options);
    used.engine = await startEngine({ modelPath: used.model.path, thinkingTokens: THINKING_TOKENS });
  });
  after(() => used.engine.stop());
  return used;
}

describe('levels of effort', () => {
  const used = useEngine('effort', { style: 'plain', script: 'brooding' });
  const EXPECTED = { low: THINKING_TOKENS / 4, high: THINKING_TOKENS, max: THINKING_TOKENS * 4 } as const;

  for (const effort of ['low', 'high', 'max'] as const) {
    test(`are budgets of a model that was not trained to think: ${effort}`, async () => {
      const { usage } = await used.engine.run({}, { thinking: true, effort });
      assert.equal(usage?.completion_tokens_details?.reasoning_tokens, EXPECTED[effort]);
    });
  }

  test('leave at least half of max_tokens to the answer', async () => {
    const { usage } = await used.engine.run({ max_tokens: 10 }, { thinking: true, effort: 'max' });
    assert.equal(usage?.completion_tokens_details?.reasoning_tokens, 5);
  });
});

describe('a model that was trained to think', () => {
  const used = useEngine('native', {});

  test('says so', async () => {
    assert.equal((await used.engine.description).thinksNatively, true);
  });

  test('reasons before it answers, each beside a null of the other', async () => {
    const { chunks, reasoning, content, usage } = await used.engine.run({}, { thinking: true });
    const deltas = chunks.map(({ choices }) => JSON.stringify(choices[0]!.delta));
    assert.equal(deltas[0], '{"role":"assistant","content":null,"reasoning_content":""}');
    assert.equal(deltas[1], '{"content":null,"reasoning_content":"Let"}');
    assert.equal(deltas.at(-2), '{"content":" speaking.","reasoning_content":null}');
    assert.equal(deltas.at(-1), '{"content":"","reasoning_content":null}');
    assert.equal(reasoning, THOUGHTS);
    assert.equal(content, HELLO);
    const { thinking, answer } = used.model.tokenCounts;
    assert.equal(usage?.completion_tokens_details?.reasoning_tokens, thinking + 1, 'the closing tag is among them');
    assert.equal(usage?.completion_tokens, thinking + 1 + answer);
  });

  test('has no reasoning, and does not count any, when it is not to think', async () => {
    const { reasoning, content, usage } = await used.engine.run({});
    assert.equal(reasoning, undefined);
    assert.equal(content, HELLO);
    assert.ok(!('completion_tokens_details' in usage!));
  });

  test('can spend all of max_tokens on reasoning', async () => {
    const { reasoning, content, finishReason } = await used.engine.run({ max_tokens: 4 }, { thinking: true });
    assert.equal(THOUGHTS.startsWith(reasoning!), true);
    assert.equal(content, '');
    assert.equal(finishReason, 'length');
  });

  test('gives the same when it is not streamed, in one piece each', async () => {
    const { chunks, reasoning, content } = await used.engine.run({ stream: false }, { thinking: true });
    assert.deepEqual([chunks.length, reasoning, content], [4, THOUGHTS, HELLO]);
  });

  test('looks for stop sequences in the answer alone', async () => {
    const { reasoning, content } = await used.engine.run({ stop: ['think', 'test'] }, { thinking: true });
    assert.equal(reasoning, THOUGHTS);
    assert.equal(content, 'Hello! This is the scripted ');
  });
});

describe('a model that opens a think block unasked', () => {
  const used = useEngine('unasked', { script: 'unasked' });

  test('answers without it', async () => {
    const { reasoning, content } = await used.engine.run({});
    assert.equal(reasoning, undefined);
    assert.equal(content, HELLO);
  });
});

describe('a model that was not trained to think', () => {
  const used = useEngine('plain', { style: 'plain' });

  test('says so', async () => {
    assert.equal((await used.engine.description).thinksNatively, false);
  });

  test('reasons in a block that is opened and closed for it, and then answers', async () => {
    const { reasoning, content, usage, finishReason } = await used.engine.run({}, { thinking: true });
    assert.equal(reasoning, THOUGHTS);
    assert.equal(content, HELLO);
    assert.equal(finishReason, 'stop');
    const { thinking, answer } = used.model.tokenCounts;
    assert.equal(usage?.completion_tokens_details?.reasoning_tokens, thinking);
    assert.equal(usage?.completion_tokens, thinking + answer, 'what closes the block is not counted');
  });

  test('keeps half of max_tokens for its answer', async () => {
    const { reasoning, content, usage } = await used.engine.run({ max_tokens: 8 }, { thinking: true });
    assert.equal(usage?.completion_tokens_details?.reasoning_tokens, 4);
    assert.equal(usage?.completion_tokens, 8);
    assert.ok(THOUGHTS.startsWith(reasoning!) && reasoning !== '');
    assert.ok(HELLO.startsWith(content) && content !== '');
  });

  test('answers with the only token that it may have', async () => {
    const { reasoning, content, finishReason } = await used.engine.run({ max_tokens: 1 }, { thinking: true });
    assert.deepEqual([reasoning, content, finishReason], ['', 'Hello!', 'length']);
  });

  test('does not think when it is not to', async () => {
    assert.equal((await used.engine.run({})).content, HELLO);
  });

  test('has room for what closes the block when prompt and answer fill the context', async () => {
    const prompt = await used.engine.count({
      request: { model: 'm', messages: [{ role: 'user', content: 'Hi' }] },
      thinking: true,
    });
    const { usage, content } = await used.engine.run({ max_tokens: 1024 - prompt }, { thinking: true });
    assert.equal(usage?.prompt_tokens, prompt);
    assert.equal(content, HELLO);
  });
});

describe('a model whose reasoning never ends', () => {
  const used = useEngine('brooding', { style: 'plain', script: 'brooding' });

  test('is stopped at its budget and answers', async () => {
    const { content, usage } = await used.engine.run({}, { thinking: true });
    assert.equal(usage?.completion_tokens_details?.reasoning_tokens, THINKING_TOKENS);
    assert.equal(content, HELLO);
  });

  test('is stopped at its budget among others that generate, and they all answer', async () => {
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, index) => used.engine.run({}, { thinking: index % 2 === 0 })),
    );
    assert.ok(all.every(({ content }) => content === HELLO));
  });
});

describe('a model that would rather end its turn than answer', () => {
  const used = useEngine('silent', { style: 'plain', script: { answer: { text: '', next: 'end' } } });

  test('has to say something after its reasoning', async () => {
    const { content } = await used.engine.run({ max_tokens: 40 }, { thinking: true });
    assert.notEqual(content.trim(), '');
  });
});
