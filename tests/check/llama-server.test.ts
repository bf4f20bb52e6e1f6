/** A foreign server: llama-server keeps what it keeps of OpenAI's contract, and its deviations are these and no others. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeScriptedModel } from '../support/gguf/scripted-model.js';
import { llamaServerIsMissing, startLlamaServer } from '../support/llama-server.js';
import { deviations, runCheck } from './support/run-check.js';

/** What it does where the contract wants something else, by what it does. */
const DEVIATIONS: Readonly<Record<string, readonly string[]>> = {
  'has no GET /models/{id}': ['models/retrieve'],
  'serves its one model whatever is asked for': ['errors/model-missing', 'errors/model-number', 'errors/model-unknown'],
  'answers where nothing is asked': ['errors/messages-empty'],
  'knows every role': ['errors/role-unknown', 'stream/refusal'],
  'takes what is out of range, and makes numbers of texts': [
    'errors/temperature-high',
    'errors/temperature-low',
    'errors/top-p-high',
    'errors/max-tokens-zero',
    'errors/max-tokens-negative',
    'errors/max-tokens-fraction',
    'errors/top-logprobs-high',
    'errors/penalty-high',
    'errors/stop-number',
    'errors/effort-unknown',
  ],
  'takes options without what they belong to': ['errors/stream-options', 'errors/json-word'],
  'reads JSON whatever it is called': ['errors/content-type-other'],
  'does not look at the form of a conversation': [
    'errors/assistant-empty',
    'errors/tool-answer-alone',
    'errors/tool-answer-missing',
    'errors/tool-answer-other',
  ],
  'does not look at the form of tools': ['errors/tool-name', 'errors/tool-schema', 'errors/tool-choice-absent'],
  'says 500 to what is the fault of the client': [
    'errors/json-cut',
    'errors/body-empty',
    'errors/role-missing',
    'errors/tools-object',
    'errors/tool-type',
    'errors/tool-unnamed',
  ],
  'forces no call where the template of the model knows no tools': ['tools/choice-required', 'tools/choice-named'],
};

/** What clients can live with. */
const WARNINGS: readonly string[] = [
  'auth/missing-key',
  'errors/code',
  'errors/method',
  'errors/param',
  'response/request-id',
  'stream/usage-null',
];

test('llama-server deviates from the profile openai by this table', { skip: llamaServerIsMissing }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'plumb-test-'));
  const { path } = writeScriptedModel(join(folder, 'scripted.gguf'), { style: 'plain' });
  const server = await startLlamaServer(path, [
    '--ctx-size',
    '4096',
    '--parallel',
    '2',
    '--jinja',
    '--alias',
    'scripted',
  ]);
  try {
    const options = { baseUrl: `${server.url}/v1`, key: 'none', model: 'scripted', deep: true } as const;
    const checked = await runCheck({ ...options, profile: 'openai' });
    assert.deepEqual(Object.keys(deviations(checked)).sort(), Object.values(DEVIATIONS).flat().sort());
    assert.deepEqual(Object.keys(deviations(checked, 'warn')).sort(), WARNINGS.toSorted());
  } finally {
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  }
});
