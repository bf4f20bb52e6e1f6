/** Real processes that pull the same model at once, or are killed while they do. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import type { ResolvedModel } from '#server/models/model-store.js';
import { type FileServer, startFileServer } from './support/file-server.js';
import { createTestFolder, filesBelow, ggufBytes, sha256 } from './support/fixtures.js';

const CONTENT = ggufBytes(3_000_000);

interface Pulling {
  readonly child: ChildProcess;
  readonly stdout: Promise<string>;
  readonly stderr: Promise<string>;
  readonly exit: Promise<unknown>;
}

function startPulling(server: FileServer, models: string): Pulling {
  const child = fork(new URL('./support/pull-child.js', import.meta.url), [`${server.origin}/model.gguf`], {
    env: { PLUMB_MODELS_DIR: models },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  child.on('message', (doneBytes) => server.arrived(Number(doneBytes)));
  assert.ok(child.stdout !== null && child.stderr !== null);
  return {
    child,
    stdout: text(child.stdout),
    stderr: text(child.stderr),
    exit: once(child, 'exit'),
  };
}

describe('processes', () => {
  test('that pull the same model at once fetch it once, and the others wait and say so', async () => {
    await using server = await startFileServer(CONTENT);
    await using folder = await createTestFolder();
    // The first holds the lock until the others have been seen to wait.
    server.steps.push({ stallAfter: 1000 });
    const first = startPulling(server, folder.path);
    await once(first.child, 'message');
    const others = [startPulling(server, folder.path), startPulling(server, folder.path)];
    await Promise.all(others.map(({ child }) => once(child.stderr ?? child, 'data')));
    first.child.kill('SIGKILL');
    await first.exit;
    const models = await Promise.all(others.map(async ({ stdout }) => JSON.parse(await stdout) as ResolvedModel));
    for (const { stderr } of others) assert.match(await stderr, /^Process \d+ on .* is fetching this model/);
    assert.deepEqual(models[0], models[1]);
    assert.equal(sha256(await readFile(models[0]?.path ?? '')), sha256(CONTENT));
    assert.equal(server.requests.length, 2, 'the killed one and one of the others');
    assert.match(String(server.requests[1]?.headers.range), /^bytes=[1-9]/, 'which went on where the killed one was');
  });

  test('that are killed leave no file with the final name, and the next goes on', async () => {
    await using server = await startFileServer(CONTENT);
    await using folder = await createTestFolder();
    server.steps.push({ stallAfter: 1_000_000 });
    const killed = startPulling(server, folder.path);
    killed.child.on('message', (doneBytes) => {
      if (Number(doneBytes) === 1_000_000) killed.child.kill('SIGKILL');
    });
    await killed.exit;
    const files = await filesBelow(folder.path);
    assert.deepEqual(
      files.map((file) => file.replace(/^.*\//, '')),
      ['lock', 'model.gguf.part', 'model.gguf.part.json'],
    );
    const next = startPulling(server, folder.path);
    const model = JSON.parse(await next.stdout) as ResolvedModel;
    assert.equal(sha256(await readFile(model.path)), sha256(CONTENT));
    assert.equal(server.requests[1]?.headers.range, 'bytes=1000000-');
    assert.ok(!existsSync(join(folder.path, 'lock')));
  });
});
