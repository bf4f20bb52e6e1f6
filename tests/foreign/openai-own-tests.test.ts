/**
 * The tests that the OpenAI SDK for Python has for its own resources, against the real server: fetched with the source
 * package of the pinned version, run as they are but for a few words, and named here where they cannot pass and why.
 * (The package of the SDK for Node comes without its tests.)
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { writeBertModel } from '../support/gguf/bert-model.js';
import { startPlumb, type TestServer } from '../support/plumb.js';
import { pythonWith } from '../support/python.js';

/** Tests of one file that cannot pass. */
interface Exception {
  readonly reason: string;
  /** Part of what they fail with. */
  readonly failure: RegExp;
  /** Names of functions; each is there for both clients and several parameters, with some of which it may pass. */
  readonly tests: readonly string[];
}

/** The three tests that there are of most methods: as it is, with the raw response, and with a streamed one. */
const everyWay = (...methods: string[]) =>
  methods.flatMap((method) =>
    ['test_method', 'test_raw_response', 'test_streaming_response'].map((way) => `${way}_${method}`),
  );

/** Files of `tests/api_resources`. */
const FILES: Readonly<Record<string, readonly Exception[]>> = {
  'chat/test_completions.py': [
    {
      reason: 'DeepSeek refuses stream_options without a stream',
      failure: /stream_options should be set along with stream = true/,
      tests: ['test_method_create_with_all_params_overload_1'],
    },
    {
      reason: 'DeepSeek keeps no completions, so that there are none to get, change, list or delete',
      failure: /Error code: 40[45]/,
      tests: [...everyWay('retrieve', 'update', 'list', 'delete'), 'test_method_list_with_all_params'],
    },
  ],
  'test_models.py': [
    {
      reason: 'DeepSeek does not say when a model was created',
      failure: /Data returned by API invalid for expected schema|where False = isinstance\(None, int\)/,
      tests: everyWay('retrieve', 'list'),
    },
    {
      reason: 'DeepSeek has no models of its users, so that there are none to delete',
      failure: /Error code: 405/,
      tests: everyWay('delete'),
    },
  ],
  'test_completions.py': [
    {
      reason: 'DeepSeek refuses stream_options without a stream',
      failure: /stream_options should be set along with stream = true/,
      tests: ['test_method_create_with_all_params_overload_1'],
    },
    {
      reason: 'DeepSeek refuses a suffix together with echo',
      failure: /suffix and echo cannot be used together/,
      tests: ['test_method_create_with_all_params_overload_2'],
    },
  ],
  'test_embeddings.py': [
    {
      reason: 'its strict client refuses the base64 that it asked for before it has decoded it',
      failure: /Data returned by API invalid for expected schema/,
      tests: everyWay('create'),
    },
  ],
};

/** The words of OpenAI's API that DeepSeek's refuses, and what is sent in their place. */
const REPLACEMENTS = {
  '"role": "developer"': '"role": "system"',
  'max_completion_tokens=0': 'max_completion_tokens=1',
  'max_tokens=0': 'max_tokens=1',
  'seed=-9007199254740991': 'seed=9007199254740991',
  '"parameters": {"foo": "bar"}': '"parameters": {"type": "object"}',
};

/** The models that the tests ask for. */
const MODELS = [
  {
    id: 'gpt-6-astra',
    aliases: ['gpt-3.5-turbo-instruct'],
    pool: 'embedded',
    thinking: 'disabled',
    owned_by: 'test',
  },
  {
    ...{ id: 'text-embedding-3-small', aliases: [], pool: 'embedded', kind: 'embeddings' },
    ...{ thinking: 'disabled', owned_by: 'test' },
  },
];

const folder = mkdtempSync(join(tmpdir(), 'plumb-own-tests-'));
after(() => rmSync(folder, { recursive: true }));
const embeddingModel = join(folder, 'bert.gguf');
writeBertModel(embeddingModel, { contextTokens: 64, hidden: 32 });

interface Outcome {
  readonly outcome: string;
  /** The end of the report of a failure. */
  readonly message: string;
}

/** Outcomes by file, and then by the name of the function. */
type Outcomes = Map<string, Map<string, Outcome[]>>;

async function runTests(plumb: TestServer): Promise<Outcomes | string> {
  const python = await pythonWith('openai');
  if (typeof python === 'string') return python;
  const script = fileURLToPath(new URL('../../foreign/python/openai_own_tests.py', import.meta.url));
  const options = { api_key: plumb.key, files: Object.keys(FILES), replacements: REPLACEMENTS };
  const environment = { TEST_API_BASE_URL: `${plumb.url}/v1`, PLUMB_OWN_TESTS: JSON.stringify(options) };
  const printed: Record<string, Outcome> | string = JSON.parse(await python.run([script], { environment }));
  return typeof printed === 'string' ? printed : groupOutcomes(printed);
}

function groupOutcomes(outcomes: Record<string, Outcome>): Outcomes {
  const files: Outcomes = new Map();
  for (const [id, outcome] of Object.entries(outcomes)) {
    const [, file, name] = /^tests\/api_resources\/(.*)::\w+::(\w+)/.exec(id)!;
    const functions = files.get(file!) ?? new Map<string, Outcome[]>();
    functions.set(name!, [...(functions.get(name!) ?? []), outcome]);
    files.set(file!, functions);
  }
  return files;
}

describe('the own tests of the OpenAI SDK for Python', () => {
  let plumb: TestServer;
  let outcomes: Outcomes | string;
  before(async () => {
    const settings = { models: MODELS, default_tier: 'unlimited' };
    plumb = await startPlumb({ embeddings: { path: embeddingModel }, settings });
    outcomes = await runTests(plumb);
  });
  after(() => plumb.stop());

  for (const [file, exceptions] of Object.entries(FILES)) {
    const excepted = new Set(exceptions.flatMap(({ tests }) => tests));

    test(`pass: ${file}, but for those below`, (context) => {
      if (typeof outcomes === 'string') return context.skip(outcomes);
      const others = [...outcomes.get(file)!].filter(([name]) => !excepted.has(name));
      assert.ok(others.length > 0);
      for (const [name, results] of others) {
        for (const { outcome, message } of results) assert.equal(outcome, 'passed', `${name}: ${message}`);
      }
    });

    for (const { reason, failure, tests } of exceptions) {
      test(`cannot pass in ${file}, because ${reason}: ${tests.join(', ')}`, (context) => {
        if (typeof outcomes === 'string') return context.skip(outcomes);
        for (const name of tests) {
          const results = outcomes.get(file)!.get(name) ?? [];
          const failures = results.filter(({ outcome }) => outcome !== 'passed');
          assert.ok(failures.length > 0, `${name} is not there, or passes`);
          for (const { message } of failures) assert.match(message, failure, name);
        }
      });
    }
  }
});
