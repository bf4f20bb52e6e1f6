/** The life of the engine process: it loads or says why not, keeps quiet, and never outlives its server. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { TestEngine } from '../support/engine-process.js';
import { writeScriptedModel } from '../support/gguf/scripted-model.js';

const folder = mkdtempSync(join(tmpdir(), 'plumb-process-'));
after(() => rmSync(folder, { recursive: true }));

const { path: modelPath } = writeScriptedModel(join(folder, 'endless.gguf'), {
  script: 'endless',
  contextTokens: 2048,
});

/** Starts an engine that ends with its test, however that ends. */
async function start(t: TestContext, options: ConstructorParameters<typeof TestEngine>[0]): Promise<TestEngine> {
  const engine = new TestEngine(options);
  t.after(() => engine.stop());
  await engine.description;
  return engine;
}

describe('the engine process', () => {
  test('describes itself once it is loaded, and writes nothing', async (t) => {
    const engine = await start(t, { modelPath, contextTokens: 4096, sequences: 3 });
    const { fingerprint, ...description } = await engine.description;
    assert.deepEqual(description, {
      modelName: 'endless',
      contextTokens: 2048,
      sequences: 3,
      thinksNatively: true,
      completesTexts: true,
      hasEffortLevels: false,
    });
    assert.match(fingerprint, /^[0-9a-f]{32}$/);
    await engine.run({ max_tokens: 3 });
    assert.equal(engine.stderr, '');
  });

  test('has a fingerprint of model and settings', async (t) => {
    const fingerprint = async (options: ConstructorParameters<typeof TestEngine>[0]) =>
      (await (await start(t, options)).description).fingerprint;
    const { path: other } = writeScriptedModel(join(folder, 'other.gguf'));
    const first = await fingerprint({ modelPath });
    assert.equal(await fingerprint({ modelPath }), first);
    assert.notEqual(await fingerprint({ modelPath, thinkingTokens: 1 }), first);
    assert.notEqual(await fingerprint({ modelPath: other }), first);
  });

  test('ends at once when the link closes, also while it generates', async (t) => {
    const engine = await start(t, { modelPath });
    const running = engine.start({});
    await running.seen(1000);
    engine.closeLink();
    assert.equal((await engine.exited).signal, 'SIGKILL');
  });

  test('leaves the signals of the terminal to the server', async (t) => {
    const engine = await start(t, { modelPath });
    const running = engine.start({ max_tokens: 200 });
    await running.seen(100);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) engine.child.kill(signal);
    assert.equal((await running.outcome).finishReason, 'length');
    assert.equal((await engine.run({ max_tokens: 2 })).usage?.completion_tokens, 2);
  });

  const whole = readFileSync(modelPath);
  const damaged: [string, Buffer | undefined, RegExp][] = [
    ['is not there', undefined, /no such file/],
    ['is empty', Buffer.alloc(0), /cut off/],
    ['is something else', Buffer.from('#!/bin/sh\nexit 1\n'.repeat(100)), /not a GGUF/],
    ['ends in its metadata', whole.subarray(0, 2000), /cut off/],
    ['ends in its tensors', whole.subarray(0, whole.length - 100_000), /llama\.cpp cannot load the model/],
  ];
  for (const [name, bytes, reason] of damaged) {
    test(`says so when the model file ${name}, and exits with 1`, async (t) => {
      const path = join(folder, 'damaged.gguf');
      rmSync(path, { force: true });
      if (bytes !== undefined) writeFileSync(path, bytes);
      const engine = new TestEngine({ modelPath: path });
      t.after(() => engine.stop());
      await assert.rejects(engine.description, (error: Error) => {
        assert.ok(error.message.startsWith(`${path} cannot be used: `), error.message);
        assert.match(error.message, reason);
        return true;
      });
      assert.equal((await engine.exited).code, 1);
    });
  }
});
