/** What happens to parameters that do not apply: contract section 2.5, row by row, on a model that depends on all of them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { writeRandomModel } from '../support/gguf/random-model.js';
import { startPlumb, type TestServer } from '../support/plumb.js';

const USER = { role: 'user', content: 'Tell me of the lake.' };
const IMAGE = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }];
const SEEDED = { messages: [USER], seed: 7, max_tokens: 24 };
const THINKING = { ...SEEDED, model: 'deepseek-reasoner' };
const ANSWERING = { ...SEEDED, model: 'deepseek-chat' };
const TOOLS = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' }, strict: true } }];

const folder = mkdtempSync(join(tmpdir(), 'plumb-parameters-'));
const servers: Partial<Record<'lenient' | 'strict', TestServer>> = {};
before(async () => {
  const modelPath = join(folder, 'random.gguf');
  writeRandomModel(modelPath);
  for (const contract of ['lenient', 'strict'] as const) {
    servers[contract] = await startPlumb({ modelPath, settings: { contract } });
  }
});
after(async () => {
  for (const server of Object.values(servers)) await server.stop();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  /** Reasoning and answer, or the error's sentence. */
  readonly text: string;
}

async function ask(
  body: object,
  { contract = 'lenient' as 'lenient' | 'strict', path = '/chat/completions', headers = {} } = {},
): Promise<Answer> {
  const response = await servers[contract]!.request(path, { method: 'POST', body, headers });
  const answer = JSON.parse(await response.text());
  const [choice] = answer.choices ?? [];
  const { message } = choice ?? {};
  const text = message === undefined ? (choice?.text ?? answer.error.message) : JSON.stringify(message);
  return { status: response.status, text };
}

/** Two requests that must get the same answer. */
async function assertSame(first: object, second: object, options = {}): Promise<void> {
  const [one, two] = [await ask(first, options), await ask(second, options)];
  assert.equal(one.status, 200, one.text);
  assert.deepEqual(two, one);
}

async function assertRefused(answer: Promise<Answer>, message: RegExp): Promise<void> {
  const { status, text } = await answer;
  assert.match(text, message);
  assert.equal(status, 400);
}

describe('temperature in thinking mode', () => {
  test('is accepted and has no effect', () =>
    assertSame({ ...THINKING, temperature: 0.4 }, { ...THINKING, temperature: 1.6 }));
  test('still has its range', () =>
    assertRefused(ask({ ...THINKING, temperature: 2.1 }), /valid range of temperature/));
});

describe('top_p', () => {
  test('counts as at least 0.95 in thinking mode', () =>
    assertSame({ ...THINKING, top_p: 0.1 }, { ...THINKING, top_p: 0.95 }));
  test('is accepted without thinking', async () => {
    assert.equal((await ask({ ...ANSWERING, top_p: 0.5 })).status, 200);
  });
});

describe('penalties', () => {
  const penalties = { frequency_penalty: 1.5, presence_penalty: -1.5 };
  test('are accepted and have no effect in thinking mode', () => assertSame(THINKING, { ...THINKING, ...penalties }));
  test('are accepted without thinking', async () => {
    assert.equal((await ask({ ...ANSWERING, ...penalties })).status, 200);
  });
});

describe('tool_choice in thinking mode', () => {
  const named = { type: 'function', function: { name: 'f' } };
  for (const tool_choice of ['required', named]) {
    test(`is refused by the strict contract: ${JSON.stringify(tool_choice)}`, () =>
      assertRefused(
        ask({ ...THINKING, tools: TOOLS, tool_choice }, { contract: 'strict' }),
        /^Thinking mode does not support this tool_choice$/,
      ));
  }
});

test('json_schema is refused by the strict contract', () =>
  assertRefused(
    ask(
      { ...ANSWERING, response_format: { type: 'json_schema', json_schema: { schema: {} } } },
      { contract: 'strict' },
    ),
    /^This response_format type is unavailable now$/,
  ));

describe('an image', () => {
  test('is refused by a model that reads none', () =>
    assertRefused(ask({ ...ANSWERING, messages: [{ role: 'user', content: IMAGE }] }), /image_url/));
  for (const role of ['system', 'assistant']) {
    test(`is refused in a message of the role ${role}`, () =>
      assertRefused(
        ask({ ...ANSWERING, messages: [USER, { role, content: IMAGE }] }),
        new RegExp(`^Image in ${role} message is unsupported$`),
      ));
  }
});

describe('outside of /beta', () => {
  const begun = { ...ANSWERING, messages: [USER, { role: 'assistant', content: 'It is', prefix: true }] };
  test('prefix does what it does under /beta', async () => {
    assert.deepEqual(await ask(begun), await ask(begun, { path: '/beta/chat/completions' }));
  });
  test('prefix is refused by the strict contract', () =>
    assertRefused(ask(begun, { contract: 'strict' }), /^prefix is only available when using beta api/));
  test('prefix is served by the strict contract under /beta', async () => {
    assert.equal((await ask(begun, { contract: 'strict', path: '/beta/chat/completions' })).status, 200);
  });
  test('strict is accepted without effect', () => {
    const loose = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }];
    const asked = { ...ANSWERING, tool_choice: 'none' };
    return assertSame({ ...asked, tools: TOOLS }, { ...asked, tools: loose }, { contract: 'strict' });
  });
});

test('a completion does not think, whatever it is told', () => {
  const completion = { model: 'deepseek-reasoner', prompt: 'The lake', seed: 7, max_tokens: 12 };
  const asked = { ...completion, thinking: { type: 'enabled' }, reasoning_effort: 'max' };
  return assertSame(completion, asked, { path: '/beta/completions' });
});

describe('what is not known', () => {
  test('is ignored as a key of the body', () =>
    assertSame(ANSWERING, {
      ...ANSWERING,
      ...{ parallel_tool_calls: false, store: true, metadata: { a: 1 }, service_tier: 'flex', enable_thinking: true },
      ...{ dsh_session: 'x', '': null },
    }));
  test('is ignored as a header', async () => {
    const headers = { 'x-deepseek-harness-session': 'x', 'openai-organization': 'y', 'anthropic-beta': 'z' };
    assert.deepEqual(await ask(ANSWERING, { headers }), await ask(ANSWERING));
  });

  const words: [field: object, message: RegExp][] = [
    [{ reasoning_effort: 'huge' }, /unknown variant `huge`, expected one of `high`, `low`/],
    [{ thinking: { type: 'on' } }, /unknown variant `on`, expected one of `enabled`, `disabled`, `adaptive`/],
    [{ response_format: { type: 'yaml' } }, /unknown variant `yaml`, expected one of `text`, `json_object`/],
    [{ tool_choice: 'any' }, /unknown variant `any`, expected one of `none`, `auto`, `required`/],
  ];
  for (const [field, message] of words) {
    test(`is refused as a word of ${Object.keys(field)[0]}, and the words are named`, () =>
      assertRefused(ask({ ...ANSWERING, ...field }), message));
  }
});
