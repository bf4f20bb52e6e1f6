/** A function that `tool_choice` names: called once, whatever the model is inclined to. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ChatResponse } from '@plumb/wire';
import { writeRandomModel } from '../support/gguf/random-model.js';
import { startPlumb, type TestServer } from '../support/plumb.js';

const parameters = {
  type: 'object',
  properties: { days: { type: 'array', items: { type: 'integer', enum: [1] }, minItems: 2, maxItems: 2 } },
  required: ['days'],
};
const ASK = {
  model: 'deepseek-chat',
  messages: [{ role: 'user', content: 'Hi' }],
  max_tokens: 400,
  tools: ['report', 'other'].map((name) => ({ type: 'function', function: { name, parameters } })),
};

const folder = mkdtempSync(join(tmpdir(), 'plumb-named-tool-'));
let plumb: TestServer;
before(async () => {
  const modelPath = join(folder, 'random.gguf');
  writeRandomModel(modelPath);
  plumb = await startPlumb({ modelPath });
});
after(async () => {
  await plumb.stop();
  rmSync(folder, { recursive: true });
});

/** The names of the functions that one answer calls, for each of some seeds. */
async function callsOf(tool_choice: unknown): Promise<string[][]> {
  const seeds = Array.from({ length: 24 }, (_, seed) => seed);
  return Promise.all(
    seeds.map(async (seed) => {
      const response = await plumb.chat({ ...ASK, tool_choice, seed });
      const { choices } = (await response.json()) as ChatResponse;
      return (choices[0]?.message.tool_calls ?? []).map(({ function: { name } }) => name);
    }),
  );
}

describe('a function that is named', () => {
  test('is called exactly once', async () => {
    for (const calls of await callsOf({ type: 'function', function: { name: 'report' } })) {
      assert.deepEqual(calls, ['report']);
    }
  });

  test('differs in that from functions of which any has to be called', async () => {
    const calls = await callsOf('required');
    assert.ok(
      calls.some(({ length }) => length > 1),
      JSON.stringify(calls),
    );
  });
});
