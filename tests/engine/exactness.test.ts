/** With trained weights: an answer at temperature 0 does not depend on what else the engine does. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { defaultModelPath } from '../support/default-model.js';
import { startEngine, type TestEngine } from '../support/engine-process.js';

const modelPath = defaultModelPath();
const skip = modelPath === undefined ? 'the default model is not on this machine: plumb models pull' : false;

const MAX_TOKENS = 40;

/** Of different lengths, so that prompts are cut into chunks in different ways. */
const QUESTIONS = [
  'Why is the sky blue?',
  'Write a short story about a cat that went to sea.',
  `Continue: ${'the rain falls on the old stones of the town and '.repeat(3)}`,
  `Continue: ${'a train goes from one town to the next one and carries people, letters and apples. '.repeat(6)}`,
];

describe('an answer of the default model', { skip }, () => {
  let engine: TestEngine;
  before(async () => {
    engine = await startEngine({ modelPath: modelPath!, sequences: 8, threads: 2 });
  });
  after(() => engine?.stop());

  const answer = async (question: string, scope: string, stream = true) =>
    (
      await engine.run(
        { messages: [{ role: 'user', content: question }], temperature: 0, max_tokens: MAX_TOKENS, stream },
        { scope },
      )
    ).content;

  test('is the same alone, among others, from the cache, and when it is not streamed', async () => {
    const alone: string[] = [];
    for (const [index, question] of QUESTIONS.entries()) alone.push(await answer(question, `alone ${index}`));
    const twice = [...QUESTIONS, ...QUESTIONS];
    const together = await Promise.all(twice.map((question, index) => answer(question, `together ${index}`)));
    const shared = await Promise.all(twice.map((question) => answer(question, 'shared')));
    const again = await Promise.all(twice.map((question) => answer(question, 'shared', false)));
    for (const answers of [together, shared, again]) assert.deepEqual(answers, [...alone, ...alone]);
  });

  test('is the same in a second turn, whether the first one is in the cache or not', async () => {
    const first = await answer(QUESTIONS[0]!, 'turns');
    const messages = [
      { role: 'user' as const, content: QUESTIONS[0]! },
      { role: 'assistant' as const, content: first },
      { role: 'user' as const, content: 'Say that in other words.' },
    ];
    const ask = (scope: string) => engine.run({ messages, temperature: 0, max_tokens: MAX_TOKENS }, { scope });
    const [cached, fresh] = [await ask('turns'), await ask('elsewhere')];
    assert.ok(cached.usage!.prompt_cache_hit_tokens > MAX_TOKENS, 'the answer of the first turn is reused');
    assert.equal(fresh.usage!.prompt_cache_hit_tokens, 0);
    assert.equal(cached.content, fresh.content);
  });
});
