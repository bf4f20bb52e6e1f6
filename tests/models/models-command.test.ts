/** `plumb models` as scripts and people use it. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CliError, ExitCode } from '#server/cli/exit-code.js';
import { modelsCommand } from '#server/cli/models.js';
import { type FileServer, startFileServer } from './support/file-server.js';
import { createTestFolder, failsWith, ggufBytes, sha256 } from './support/fixtures.js';

const CONTENT = ggufBytes(5_000);

interface Setting {
  readonly server: FileServer;
  readonly folder: string;
  readonly written: { stdout: string; stderr: string };
  run(...args: string[]): Promise<unknown>;
}

async function withSetting(body: (setting: Setting) => Promise<void>): Promise<void> {
  await using server = await startFileServer(CONTENT);
  await using folder = await createTestFolder();
  const written = { stdout: '', stderr: '' };
  const io = {
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
    environment: { PLUMB_MODELS_DIR: join(folder.path, 'models') },
    clock: { now: () => Date.now() },
  };
  const run = (...args: string[]) => modelsCommand(io).parseAsync(args, { from: 'user' });
  await body({ server, folder: folder.path, written, run });
}

describe('plumb models pull', () => {
  test('prints the model as one line of JSON on stdout, and progress on stderr', async () => {
    await withSetting(async ({ run, server, written, folder }) => {
      const source = `${server.origin}/tiny.gguf`;
      await run('pull', source, '--json');
      const model = JSON.parse(written.stdout) as Record<string, unknown>;
      assert.deepEqual(Object.keys(model), ['name', 'path', 'bytes', 'sha256', 'source']);
      assert.ok(String(model.path).startsWith(folder));
      const { name, bytes, sha256: hash } = model;
      assert.deepEqual(
        { name, bytes, hash, source: model.source },
        {
          name: 'tiny',
          bytes: 5000,
          hash: sha256(CONTENT),
          source,
        },
      );
      assert.match(written.stderr, /^Downloading tiny\.gguf/);
    });
  });

  test('says where the model is, and nothing on stderr when it was there', async () => {
    await withSetting(async ({ run, server, written }) => {
      await run('pull', `${server.origin}/tiny.gguf`);
      assert.match(written.stdout, /^tiny \(5\.0 kB\): .*tiny\.gguf\n$/);
      written.stderr = '';
      await run('pull', `${server.origin}/tiny.gguf`);
      assert.equal(written.stderr, '');
    });
  });

  test('ends with the exit code of a wrong command line for what is no source', async () => {
    await withSetting(async ({ run }) => {
      await assert.rejects(run('pull', 'ftp://x/y.gguf'), (error) => {
        assert.ok(error instanceof CliError);
        assert.equal(error.exitCode, ExitCode.usage);
        assert.match(error.message, /Allowed: hf:/);
        return true;
      });
    });
  });

  test('takes http:// from other machines only when that is said', async () => {
    await withSetting(async ({ run }) => {
      await assert.rejects(run('pull', 'http://model.invalid/y.gguf'), /use https/);
      await assert.rejects(run('pull', 'http://model.invalid/y.gguf', '--allow-plain-http'), failsWith('unreachable'));
    });
  });

  test('has an example in its help', () => {
    let help = '';
    const pull = modelsCommand().commands.find((command) => command.name() === 'pull');
    pull?.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    assert.match(help, /Examples:\n {2}plumb models pull\n/);
    assert.match(help, /hf:owner\/repository/);
  });
});

describe('plumb models list', () => {
  test('prints a line for each model, and an array with --json', async () => {
    await withSetting(async ({ run, server, written }) => {
      await run('pull', `${server.origin}/tiny.gguf`);
      written.stdout = '';
      await run('list');
      assert.equal(written.stdout, `tiny    5.0 kB  ${server.origin}/tiny.gguf\n`);
      written.stdout = '';
      await run('list', '--json');
      const models = JSON.parse(written.stdout) as { name: string }[];
      assert.deepEqual(
        models.map(({ name }) => name),
        ['tiny'],
      );
    });
  });

  test('of an empty folder says on stderr how to fetch one, and prints an empty array with --json', async () => {
    await withSetting(async ({ run, written, folder }) => {
      await writeFile(join(folder, 'unrelated'), '');
      await run('list');
      assert.equal(written.stdout, '');
      assert.match(written.stderr, /^No models in .*: plumb models pull\n$/);
      await run('list', '--json');
      assert.equal(written.stdout, '[]\n');
    });
  });
});
