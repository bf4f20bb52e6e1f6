/** The real default model behind the real server; skipped by name where the model is not on the machine. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { defaultModelPath } from '../support/default-model.js';
import { startPlumb, type TestServer } from '../support/plumb.js';

const modelPath = defaultModelPath();
const skip = modelPath === undefined ? 'the default model is not on this machine: plumb models pull' : false;

const QUESTIONS = [
  'What is the capital of France?',
  'Name three primary colours.',
  'Write one sentence about the sea.',
  'What do bees make?',
  'How many legs has a spider?',
  'Say hello in Spanish.',
  'What is two plus two?',
  'Why is the sky blue?',
  'Name a fruit that is yellow.',
  'Who wrote Romeo and Juliet?',
  'What is the opposite of hot?',
  'Give me a word that rhymes with cat.',
  'What is the largest ocean?',
  'Name an animal that can fly.',
  'What is ice made of?',
  'Complete: once upon a time',
];

interface Answer {
  readonly content: string;
  readonly reasoning: string | undefined;
  readonly finishReason: string;
  readonly usage: Record<string, number> & { completion_tokens_details?: { reasoning_tokens: number } };
}

describe('the default model', { skip }, () => {
  let plumb: TestServer;
  before(async () => {
    plumb = await startPlumb({
      modelPath: modelPath!,
      settings: { engine: { sequences: 16, context_tokens: 1024, threads: 1 } },
    });
  });
  after(() => plumb?.stop());

  async function ask(fields: object): Promise<Answer> {
    const response = await plumb.chat({ model: 'deepseek-chat', temperature: 0, ...fields });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    const answer = JSON.parse(text);
    const [choice] = answer.choices;
    const { content, reasoning_content: reasoning } = choice.message;
    return { content, reasoning, finishReason: choice.finish_reason, usage: answer.usage };
  }

  async function askStreamed(fields: object): Promise<string> {
    const response = await plumb.chat({ model: 'deepseek-chat', temperature: 0, stream: true, ...fields });
    const events = (await response.text()).split('\n\n').filter((event) => event.startsWith('data: {'));
    return events.map((event) => JSON.parse(event.slice(6)).choices[0].delta.content ?? '').join('');
  }

  const user = (content: string) => [{ role: 'user', content }];

  test('answers in two turns, the second with the first one in its cache', async () => {
    const first = await ask({ messages: user('What is the capital of France?'), max_tokens: 40 });
    assert.ok(first.content.length > 0);
    const messages = [
      ...user('What is the capital of France?'),
      { role: 'assistant', content: first.content },
      ...user('And of Italy?'),
    ];
    const second = await ask({ messages, max_tokens: 40 });
    assert.ok(second.content.length > 0);
    const { prompt_cache_hit_tokens: hit, prompt_cache_miss_tokens: miss, prompt_tokens: prompt } = second.usage;
    assert.ok(hit! >= first.usage.prompt_tokens!, `${hit} of ${prompt} tokens came from the cache`);
    assert.equal(hit! + miss!, prompt);
  });

  test('streams what it answers buffered, for one seed at temperature 0', async () => {
    const fields = { messages: user('Write one sentence about the sea.'), max_tokens: 48, seed: 7 };
    assert.equal(await askStreamed(fields), (await ask(fields)).content);
  });

  test('answers one seed alike and two seeds differently at temperature 1', async () => {
    const fields = { messages: user('Tell me a story.'), max_tokens: 32, temperature: 1 };
    const one = await ask({ ...fields, seed: 1 });
    assert.equal((await ask({ ...fields, seed: 1 })).content, one.content);
    assert.notEqual((await ask({ ...fields, seed: 2 })).content, one.content);
  });

  test('stops at a stop sequence and does not show it', async () => {
    const messages = user('Count from one to ten in digits, separated by commas.');
    const whole = await ask({ messages, max_tokens: 40 });
    const stop = whole.content.slice(8, 11);
    const stopped = await ask({ messages, max_tokens: 40, stop: [stop] });
    assert.equal(stopped.content, whole.content.slice(0, whole.content.indexOf(stop)));
    assert.equal(stopped.finishReason, 'stop');
  });

  test('stops at max_tokens with finish_reason length', async () => {
    const answer = await ask({ messages: user('Tell me a long story.'), max_tokens: 7 });
    assert.equal(answer.finishReason, 'length');
    assert.equal(answer.usage.completion_tokens, 7);
  });

  test('answers sixteen at once as each alone', async () => {
    const alone: string[] = [];
    for (const question of QUESTIONS) alone.push((await ask({ messages: user(question), max_tokens: 24 })).content);
    const together = await Promise.all(
      QUESTIONS.map((question) => ask({ messages: user(question), max_tokens: 24, user_id: 'fresh' })),
    );
    assert.deepEqual(
      together.map(({ content }) => content),
      alone,
    );
  });

  test('reasons before it answers, and always answers', async () => {
    for (const question of QUESTIONS.slice(0, 4)) {
      const answer = await ask({ model: 'deepseek-reasoner', messages: user(question), max_tokens: 96 });
      assert.ok((answer.reasoning ?? '').length > 0, 'there is reasoning');
      assert.ok(answer.content.trim().length > 0, 'there is content');
      assert.ok(answer.usage.completion_tokens_details!.reasoning_tokens > 0);
    }
  });

  test('frees every place when the clients leave, long before the answers would have ended', async () => {
    const controllers = Array.from({ length: 16 }, () => new AbortController());
    const begun = controllers.map(async ({ signal }) => {
      const story = {
        model: 'deepseek-chat',
        messages: user('Tell me a very long story.'),
        max_tokens: 900,
        stream: true,
      };
      const response = await plumb.chat(story, signal);
      await response.body?.getReader().read();
    });
    await Promise.all(begun);
    for (const controller of controllers) controller.abort();
    const next = await ask({ messages: user('Hi'), max_tokens: 1 });
    assert.equal(next.usage.completion_tokens, 1);
    const stories = plumb.lines.filter(({ stream, outcome }) => stream === true && outcome === 'client_left');
    assert.equal(stories.length, 16);
    for (const { usage } of stories) assert.ok((usage as Answer['usage']).completion_tokens! < 900);
  });
});
