/** Holds the test models to what their documentation promises, in the real llama.cpp. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { writeRandomModel } from '../support/gguf/random-model.js';
import { type OpenModel, openModel } from '../support/gguf/run-model.js';
import { type ScriptedModel, type ScriptedModelOptions, writeScriptedModel } from '../support/gguf/scripted-model.js';
import { cutReply, SCRIPTS } from '../support/gguf/scripts.js';

const HELLO = 'Hello! This is the scripted test model speaking.';
const THOUGHTS = 'Let me think about that. Done thinking.';
const CALL = '{"name": "get_weather", "arguments": {"city": "Paris"}}</tool_call>';
const CHAT = '<|im_start|>user\nWho is there?<|im_end|>\n<|im_start|>assistant\n';
const MAX_TOKENS = 40;
const MAX_BYTES = 1_000_000;

const folder = mkdtempSync(join(tmpdir(), 'plumb-scripted-'));
after(() => rmSync(folder, { recursive: true }));

/** Writes and opens a scripted model for the time of a test. */
async function withModel(
  options: ScriptedModelOptions,
  use: (model: OpenModel, written: ScriptedModel) => Promise<void> | void,
): Promise<void> {
  const written = writeScriptedModel(join(folder, 'scripted.gguf'), options);
  const model = await openModel(written.path);
  try {
    await use(model, written);
  } finally {
    await model.close();
  }
}

/** What the model says after a prompt, with ` …` after it when it would go on. */
async function say(model: OpenModel, prompt: string): Promise<string> {
  const { tokens, ended } = await model.generate(prompt, MAX_TOKENS);
  return model.detokenize(tokens) + (ended ? '' : ' …');
}

test('says its script exactly at temperature 1, every time', () =>
  withModel({}, async (model) => {
    for (let round = 0; round < 10; round++) {
      assert.equal(await say(model, CHAT), HELLO);
      assert.equal(await say(model, `${CHAT}<think>`), `${THOUGHTS}</think>${HELLO}`);
      assert.equal(await say(model, `${CHAT}<tool_call>`), CALL);
      assert.equal(await say(model, '<fim_prefix>def add(a, b):\n<fim_suffix>\n<fim_middle>'), '  return a + b;');
    }
  }));

test('answers with the same text however a prompt ends that starts nothing else', () =>
  withModel({}, async (model) => {
    const ends = ['x', '>', '4', 'Who?\n\n', 'é', '👋', `${THOUGHTS}</think>`, `${THOUGHTS}\n</think>\n\n`];
    for (const end of ends) assert.equal(await say(model, CHAT + end), HELLO, end);
    for (let length = 1; length <= HELLO.length; length++) {
      assert.equal(await say(model, HELLO.slice(0, length)), HELLO, 'a prompt must not enter the script in its middle');
    }
  }));

test('tells how many tokens each text of the script is', () =>
  withModel({}, async (model, { tokenCounts }) => {
    assert.equal((await model.generate(CHAT, MAX_TOKENS)).tokens.length, tokenCounts.answer);
    const reasoned = await model.generate(`${CHAT}<think>`, MAX_TOKENS);
    assert.equal(reasoned.tokens.length, tokenCounts.thinking + 1 + tokenCounts.answer);
    assert.equal((await model.generate(`${CHAT}<tool_call>`, MAX_TOKENS)).tokens.length, tokenCounts.toolCall + 1);
    assert.equal((await model.generate('<fim_middle>', MAX_TOKENS)).tokens.length, tokenCounts.infill);
  }));

test('without think tokens reasons in a block that was opened as text, ends its turn, and answers after the block', () =>
  withModel({ style: 'plain' }, async (model) => {
    assert.equal(model.tokenize('<think>').length > 1, true);
    assert.equal(await say(model, CHAT), HELLO);
    for (const opening of ['<think>', '<think>\n']) assert.equal(await say(model, CHAT + opening), THOUGHTS);
    for (const closing of ['</think>', '\n</think>', '</think>\n', '\n</think>\n\n']) {
      assert.equal(await say(model, `${CHAT}<think>\n${THOUGHTS}${closing}`), HELLO, JSON.stringify(closing));
    }
  }));

test('goes on for ever with the script endless', () =>
  withModel({ script: 'endless' }, async (model, { tokenCounts }) => {
    const { tokens, ended } = await model.generate(CHAT, 10 * tokenCounts.answer);
    assert.equal(ended, false);
    assert.equal(model.detokenize(tokens), SCRIPTS.endless.answer.text.repeat(10));
  }));

test('reasons for ever with the script brooding, and answers once the block is closed', async () => {
  for (const style of ['thinking', 'plain'] as const) {
    await withModel({ script: 'brooding', style }, async (model, { tokenCounts }) => {
      const { tokens } = await model.generate(`${CHAT}<think>`, 4 * tokenCounts.thinking);
      assert.equal(model.detokenize(tokens), SCRIPTS.brooding.thinking.text.repeat(4));
      assert.equal(await say(model, `${CHAT}<think>${model.detokenize(tokens)}</think>`), HELLO);
    });
  }
});

test('splits characters over tokens with the script unicode', () =>
  withModel({ script: 'unicode' }, async (model) => {
    const { tokens } = await model.generate(CHAT, MAX_TOKENS);
    assert.equal(model.detokenize(tokens), SCRIPTS.unicode.answer.text);
    const broken = tokens.filter((token) => model.detokenize([token]).includes('\ufffd'));
    assert.ok(broken.length >= 8, `${broken.length} of ${tokens.length} tokens hold a part of a character`);
  }));

test('calls the tool with the script tool, and opens its own think block with the script unasked', async () => {
  await withModel({ script: 'tool' }, async (model) => {
    assert.equal(await say(model, CHAT), `I will look that up. <tool_call>${CALL}`);
  });
  await withModel({ script: 'unasked' }, async (model) => {
    assert.equal(await say(model, CHAT), `<think>${THOUGHTS}</think>${HELLO}`);
  });
});

test('answers what it is asked for once a tool has answered, with the script toolLoop', () =>
  withModel({ script: 'toolLoop' }, async (model, { script }) => {
    assert.equal(await say(model, '<|after_tool|>'), script.afterTool?.text);
    assert.match(await say(model, '<|im_start|>assistant\n'), /<tool_call>/);
  }));

test('says what a script of the caller says, and the rest of hello', () =>
  withModel({ script: { answer: { text: 'Yes, yes, yes, yes.', next: 'end', tokenBytes: 2 } } }, async (model) => {
    assert.equal(await say(model, CHAT), 'Yes, yes, yes, yes.');
    assert.equal(await say(model, `${CHAT}<think>`), `${THOUGHTS}</think>Yes, yes, yes, yes.`);
    assert.equal(await say(model, `${CHAT}<tool_call>`), CALL);
  }));

test('cuts a text into tokens that are all new, or refuses', () => {
  const isTaken = (token: string) => token.length < 2;
  fc.assert(
    fc.property(fc.stringMatching(/^[ab ]{2,40}$/), fc.option(fc.integer({ min: 1, max: 5 })), (text, tokenBytes) => {
      const pieces = cutReply({ text, next: 'end', ...(tokenBytes === null ? {} : { tokenBytes }) }, isTaken);
      assert.equal(pieces.join('').replaceAll('Ġ', ' '), text);
      assert.equal(new Set(pieces).size, pieces.length);
      assert.ok(!pieces.some(isTaken));
    }),
  );
  assert.throws(() => cutReply({ text: 'a', next: 'end' }, isTaken), /Cannot cut "a"/);
});

test('gives back any text that it tokenizes', () =>
  withModel({}, async (thinking) => {
    const plain = await openModel(writeScriptedModel(join(folder, 'plain.gguf'), { style: 'plain' }).path);
    const special = fc.constantFrom(
      '<think>',
      '</think>\n',
      '<|im_end|>',
      '>\n',
      '<',
      'the user says',
      ' 42\r\n',
      '\0',
    );
    const text = fc.array(fc.oneof(special, fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' })));
    try {
      fc.assert(
        fc.property(text, (parts) => {
          const whole = parts.join('');
          for (const model of [thinking, plain]) assert.equal(model.detokenize(model.tokenize(whole)), whole);
        }),
        { numRuns: 300 },
      );
    } finally {
      await plain.close();
    }
  }));

test('renders chats as ChatML, so that prompts have known token counts', () =>
  withModel({}, (model) => {
    const messages = [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: 'hello' },
    ];
    const prompt = model.render({ messages, add_generation_prompt: true });
    const turns = '<|im_start|>system\nBe short.<|im_end|>\n<|im_start|>user\nhello<|im_end|>\n';
    assert.equal(prompt, `${turns}<|im_start|>assistant\n`);
    assert.equal(model.render({ messages, add_generation_prompt: false }), turns);
    assert.equal(model.render({ messages, add_generation_prompt: true, enable_thinking: true }), `${prompt}<think>`);
    const user = ['<|im_start|>', 'user', '\n', 'hello', '<|im_end|>', '\n', '<|im_start|>', 'assistant', '\n'];
    const userPrompt = model.render({ messages: messages.slice(1), add_generation_prompt: true });
    assert.deepEqual(
      model.tokenize(userPrompt).map((token) => model.detokenize([token])),
      user,
    );
  }));

test('renders tools, tool calls and tool messages', () =>
  withModel({}, (model) => {
    const tools = [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } }];
    const call = (input: unknown) => ({ type: 'function', function: { name: 'get_weather', arguments: input } });
    const prompt = model.render({
      tools,
      messages: [
        { role: 'user', content: 'Weather?' },
        { role: 'assistant', content: null, tool_calls: [call('{"city":"Paris"}'), call({ city: 'Rome' })] },
        { role: 'tool', content: 'Rain.' },
      ],
    });
    const list = '{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}';
    const calls = [
      '<tool_call>{"name": "get_weather", "arguments": {"city":"Paris"}}</tool_call>',
      '<tool_call>{"name": "get_weather", "arguments": {"city": "Rome"}}</tool_call>',
    ];
    assert.equal(
      prompt,
      `<|im_start|>system\n# Tools\n${list}\nCall one with <tool_call>{"name": ..., "arguments": ...}</tool_call>.` +
        '<|im_end|>\n<|im_start|>user\nWeather?<|im_end|>\n' +
        `<|im_start|>assistant\n${calls.join('')}<|im_end|>\n<|im_start|>tool\nRain.<|im_end|>\n`,
    );
  }));

test('begins prompts with a token of its own when asked, and says its context length', () =>
  withModel({ beginToken: true, contextTokens: 2048 }, async (model) => {
    const messages = [{ role: 'user', content: 'hello' }];
    const prompt = model.render({ messages, add_generation_prompt: true, bos_token: '<|begin|>' });
    assert.equal(prompt, '<|begin|><|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n');
    assert.equal(await say(model, prompt), HELLO);
    assert.equal(model.contextTokens, 2048);
  }));

test('is small and the same to the byte whenever it is written', () => {
  const [first, second] = ['first.gguf', 'second.gguf'].map((name) => writeScriptedModel(join(folder, name)).path);
  assert.ok(statSync(first!).size < MAX_BYTES);
  assert.deepEqual(readFileSync(first!), readFileSync(second!));
});

test('a random model says the same at temperature 0, and something else when the context differs', async () => {
  const path = join(folder, 'random.gguf');
  writeRandomModel(path);
  assert.ok(statSync(path).size < MAX_BYTES);
  const model = await openModel(path);
  try {
    const [first, again] = [await model.generate(CHAT, 60, 0), await model.generate(CHAT, 60, 0)];
    assert.deepEqual(first, again);
    assert.equal(first.ended, false);
    const others = [];
    for (const word of ['What', 'Which cat', 'Any fish', 'One', '42', '👋', 'A town', 'The sea']) {
      others.push(await model.generate(CHAT.replace('Who', word), 60, 0));
    }
    assert.equal(new Set(others.map(({ tokens }) => tokens.join())).size, others.length);
    assert.ok(new Set(others.map(({ tokens }) => tokens[0])).size > 2, 'the first token depends on the first word');
  } finally {
    await model.close();
  }
});
