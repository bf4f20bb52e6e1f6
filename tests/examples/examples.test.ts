/** Every example runs against the real server as its first lines say. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { startPlumb, type TestServer } from '../support/plumb.js';
import { pythonWith } from '../support/python.js';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../../../examples/', import.meta.url));
const HELLO = 'Hello! This is the scripted test model speaking.';
const THOUGHT = 'Let me think about that. Done thinking.';

/** What each example prints against the scripted model. */
const EXPECTED: Record<string, string> = {
  'chat.ts': `${HELLO}\n`,
  'chat.py': `${HELLO}\n`,
  'stream-reasoning.ts': `${THOUGHT}${HELLO}\n`,
};

let plumb: TestServer;
let environment: Record<string, string>;
before(async () => {
  plumb = await startPlumb();
  environment = { PLUMB_BASE_URL: `${plumb.url}/v1`, PLUMB_API_KEY: plumb.key };
});
after(() => plumb.stop());

describe('every example', () => {
  test('has an expected output here', () => {
    const examples = readdirSync(folder).filter((name) => /\.(?:ts|py)$/.test(name));
    assert.deepEqual(examples.sort(), Object.keys(EXPECTED).sort());
  });

  for (const [name, expected] of Object.entries(EXPECTED)) {
    test(`runs: ${name}`, async (context) => {
      if (name.endsWith('.py')) {
        const python = await pythonWith('openai');
        if (typeof python === 'string') return context.skip(python);
        assert.equal(await python.run([folder + name], { environment }), expected);
        return;
      }
      const script = `${folder}dist/${name.replace(/\.ts$/, '.js')}`;
      const { stdout } = await run(process.execPath, [script], { env: { ...process.env, ...environment } });
      assert.equal(stripVTControlCharacters(stdout), expected);
    });
  }
});
