/** `plumb serve` as a person starts it: a real process, its terminal output, signals. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { writeScriptedModel } from '../support/gguf/scripted-model.js';

const run = promisify(execFile);
const cli = fileURLToPath(new URL('../../../packages/server/dist/cli/main.js', import.meta.url));
const HELLO = 'Hello! This is the scripted test model speaking.';

let folder: string;
let model: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumb-cli-'));
  model = join(folder, 'scripted.gguf');
  await writeScriptedModel(model, { script: 'hello' });
});
after(() => rm(folder, { recursive: true, force: true }));

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  output(): string;
  /** Sends a signal and resolves with the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts the server and resolves once it says that it is ready. */
async function serve(args: string[], environment: Record<string, string> = {}): Promise<Started> {
  const child = spawn(process.execPath, [cli, 'serve', ...args], { env: { ...cleanEnvironment(), ...environment } });
  let output = '';
  let errors = '';
  child.stderr.on('data', (piece) => (errors += piece));
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (piece) => {
      output += piece;
      const found = /ready at (http:\S+)\/v1/.exec(output);
      if (found?.[1] !== undefined) resolve(found[1]);
    });
    void exit.then((code) => reject(new Error(`ended with ${code}: ${errors}`)));
  });
  return {
    child,
    url,
    output: () => output,
    end(signal) {
      child.kill(signal);
      return exit;
    },
  };
}

function cleanEnvironment(): Record<string, string | undefined> {
  const { PLUMB_DATA_DIR, PLUMB_MODEL, PLUMB_CONFIG, PORT, FORCE_COLOR, ...rest } = process.env;
  return { ...rest, NO_COLOR: '1' };
}

function keyIn(output: string): string | undefined {
  return /sk-[A-Za-z0-9]{20,}/.exec(output)?.[0];
}

describe('plumb serve', () => {
  test('prints a base URL, a new key once, and snippets that work as they are', async () => {
    const dataDir = join(folder, 'first');
    const started = await serve(['--port', '0', '--data-dir', dataDir, '--model', model]);
    const output = started.output();
    const key = keyIn(output);
    assert.ok(key !== undefined, output);
    for (const name of ['curl', 'Python', 'Node']) assert.match(output, new RegExp(name));
    assert.ok(output.includes(`base_url="${started.url}/v1", api_key="${key}"`));
    const command = output.slice(output.indexOf('curl http'), output.indexOf('Python')).replaceAll('\\\n', ' ');
    const { stdout } = await run('sh', ['-c', command.trim()]);
    assert.equal(JSON.parse(stdout).choices[0].message.content, HELLO);
    assert.equal(await started.end('SIGINT'), 0);
    assert.equal((await stat(dataDir)).mode & 0o777, 0o700);

    const again = await serve(['--port', '0', '--data-dir', dataDir, '--model', model]);
    assert.equal(keyIn(again.output()), undefined, 'a second start mints no second key');
    assert.equal(await again.end('SIGTERM'), 0);
  });

  test('takes folder, model and port from the environment', async () => {
    const dataDir = join(folder, 'environment');
    const started = await serve([], { PLUMB_DATA_DIR: dataDir, PLUMB_MODEL: model, PORT: '0' });
    assert.ok((await readdir(dataDir)).includes('plumb.db'));
    assert.equal(await started.end('SIGTERM'), 0);
  });

  test('accepts keys that another process makes while it runs', async () => {
    const dataDir = join(folder, 'keys');
    const started = await serve(['--port', '0', '--data-dir', dataDir, '--model', model]);
    const made = await run(process.execPath, [
      cli,
      'keys',
      'create',
      '--account',
      'team',
      '--name',
      'ci',
      '--data-dir',
      dataDir,
      '--json',
    ]);
    const { key } = JSON.parse(made.stdout);
    const response = await fetch(`${started.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    assert.equal(response.status, 200);
    assert.equal(await started.end('SIGTERM'), 0);
  });

  test('lets a running answer finish when it is told to stop', async () => {
    const endless = join(folder, 'endless.gguf');
    await writeScriptedModel(endless, { script: 'endless' });
    const dataDir = join(folder, 'drain');
    const started = await serve(['--port', '0', '--data-dir', dataDir, '--model', endless]);
    const response = await fetch(`${started.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${keyIn(started.output())}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'deepseek-chat',
        messages: [{ role: 'user', content: 'Hi' }],
        max_tokens: 3000,
        stream: true,
      }),
    });
    const exit = started.end('SIGINT');
    const text = await response.text();
    assert.ok(text.endsWith('data: [DONE]\n\n'));
    assert.ok(text.includes('"finish_reason":"length"'));
    assert.equal(await exit, 0);
  });

  test('says in one sentence what is wrong with a port, a model or a setting', async () => {
    const started = await serve(['--port', '0', '--data-dir', join(folder, 'taken'), '--model', model]);
    const port = new URL(started.url).port;
    const failure = (args: string[]) =>
      run(process.execPath, [cli, 'serve', '--data-dir', join(folder, 'bad'), ...args], {
        env: cleanEnvironment(),
      }).then(
        () => assert.fail('it must not start'),
        (error: { code: number; stderr: string }) => error,
      );
    assert.match((await failure(['--port', port, '--model', model])).stderr, new RegExp(`Port ${port} is taken`));
    assert.match((await failure(['--port', '0', '--model', join(folder, 'none.gguf')])).stderr, /none\.gguf/);
    const garbage = join(folder, 'garbage.gguf');
    await writeFile(garbage, 'no model at all');
    assert.match((await failure(['--port', '0', '--model', garbage])).stderr, /garbage\.gguf/);
    const wrong = await failure(['--port', 'ninety', '--model', model]);
    assert.equal(wrong.code, 2);
    assert.equal(await started.end('SIGTERM'), 0);
  });
});

describe('the plumb command', () => {
  test('started on an older Node says in one line what it needs', async () => {
    const script = `Object.defineProperty(process.versions, 'node', { value: '20.0.0' }); import(${JSON.stringify(cli)})`;
    const error = await run(process.execPath, ['-e', script]).then(
      () => assert.fail('it must refuse'),
      (refused: { code: number; stderr: string }) => refused,
    );
    assert.equal(error.stderr, 'plumb needs Node 22.19 or newer; this is Node 20.0.0.\n');
  });

  test('shows an example in the help of every command', async () => {
    for (const args of [['serve'], ['keys', 'create'], ['models', 'pull']]) {
      const { stdout } = await run(process.execPath, [cli, ...args, '--help']);
      assert.match(stdout, /Example/);
    }
  });

  test('answers an unknown command with code 2', async () => {
    await assert.rejects(run(process.execPath, [cli, 'sreve']), (error: { code: number }) => error.code === 2);
  });
});
