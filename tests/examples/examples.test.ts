/** Every example runs against the real server as its first lines say. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { HELLO, REPORTING, THOUGHT } from '../foreign/support/scripted-servers.js';
import { defaultModelPath } from '../support/default-model.js';
import { startPlumb, type TestServer } from '../support/plumb.js';
import { pythonWith, type Requirements } from '../support/python.js';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../../../examples/', import.meta.url));
const requirements = fileURLToPath(new URL('../../foreign/python/requirements/', import.meta.url));
const guide = fileURLToPath(new URL('../../../docs/guide/clients.md', import.meta.url));

/** What each example prints against the scripted model. */
const EXPECTED: Record<string, string> = {
  'ai-sdk-deepseek.ts': `${THOUGHT} ${HELLO}\n`,
  'ai-sdk-openai-compatible.ts': HELLO,
  'chat.ts': `${HELLO}\n`,
  'chat.py': `${HELLO}\n`,
  'instructor_report.py': "city='Paris' weather='sunny' days=3\n",
  'langchain.ts': `${HELLO}\n`,
  'langchain_chat.py': `${HELLO}\n`,
  'litellm_chat.py': `${HELLO}\n`,
  'stream-reasoning.ts': `${THOUGHT}${HELLO}\n`,
};

/** Those that need more than the OpenAI SDK. */
const FRAMEWORKS = ['instructor_report.py', 'langchain_chat.py', 'litellm_chat.py'];

let hello: TestServer;
let reports: TestServer;
before(async () => {
  [hello, reports] = await Promise.all([startPlumb(), startPlumb({ script: REPORTING })]);
});
after(() => Promise.all([hello.stop(), reports.stop()]));

const serverOf = (name: string) => (name.includes('report') ? reports : hello);

function environmentOf({ url, key }: TestServer): Record<string, string> {
  // LiteLLM would fetch its table of prices again, which this machine may not reach.
  return { PLUMB_BASE_URL: `${url}/v1`, PLUMB_API_KEY: key, LITELLM_LOCAL_MODEL_COST_MAP: 'True' };
}

/** What an example prints; undefined, with the test skipped, without its Python. */
async function outputOf(context: TestContext, name: string, server: TestServer): Promise<string | undefined> {
  const environment = environmentOf(server);
  if (name.endsWith('.py')) {
    const list: Requirements = FRAMEWORKS.includes(name) ? 'frameworks' : 'openai';
    const python = await pythonWith(list);
    if (typeof python !== 'string') return python.run([folder + name], { environment });
    context.skip(python);
    return undefined;
  }
  const script = `${folder}dist/${name.replace(/\.ts$/, '.js')}`;
  const { stdout } = await run(process.execPath, [script], { env: { ...process.env, ...environment } });
  return stripVTControlCharacters(stdout);
}

describe('every example', () => {
  test('has an expected output here', () => {
    const examples = readdirSync(folder).filter((name) => /\.(?:ts|py)$/.test(name));
    assert.deepEqual(examples.sort(), Object.keys(EXPECTED).sort());
  });

  for (const [name, expected] of Object.entries(EXPECTED)) {
    test(`runs: ${name}`, async (context) => {
      const output = await outputOf(context, name, serverOf(name));
      if (output !== undefined) assert.equal(output, expected);
    });
  }

  test('is what the page on clients shows', () => {
    const sources = Object.keys(EXPECTED).map((name) => readFileSync(folder + name, 'utf8'));
    const shown = [...readFileSync(guide, 'utf8').matchAll(/```(?:ts|python)\n(.*?)```/gs)].map(([, code]) => code!);
    assert.ok(shown.length > 0);
    for (const code of shown) {
      for (const part of code.split('\n\n')) {
        assert.ok(
          sources.some((source) => source.includes(part.trim())),
          part,
        );
      }
    }
  });

  test('is one of the versions that the page on clients names', () => {
    const page = readFileSync(guide, 'utf8');
    const { devDependencies } = JSON.parse(readFileSync(`${folder}../package.json`, 'utf8'));
    const lists = ['openai', 'frameworks'].map((list) => readFileSync(`${requirements}${list}.txt`, 'utf8')).join('');
    for (const [, name, versions] of page.matchAll(/^\| `([^`]+)`[^|]*\| ([\d., ]+) \|/gm)) {
      const [version] = versions!.split(',');
      const isPinned = devDependencies[name!] === version || lists.includes(`\n${name}==${version}\n`);
      assert.ok(isPinned, `${name} ${version}`);
    }
  });
});

const modelPath = defaultModelPath();
const skip = modelPath === undefined ? 'the default model is not on this machine: plumb models pull' : false;

describe('every example, with the real default model', { skip }, () => {
  let plumb: TestServer;
  before(async () => {
    // A small model can talk for long: the context ends its answers.
    const engine = { context_tokens: 512, thinking_tokens: 64, threads: 2 };
    plumb = await startPlumb({ modelPath: modelPath!, settings: { engine } });
  });
  after(() => plumb?.stop());

  for (const name of Object.keys(EXPECTED)) {
    test(`gets an answer: ${name}`, async (context) => {
      const output = await outputOf(context, name, plumb);
      if (output !== undefined) assert.match(output, name.includes('report') ? /^city='.*' days=-?\d+$/m : /\w/);
    });
  }
});
