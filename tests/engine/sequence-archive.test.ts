/** Sequences on disk: a restart finds the prefixes that were read before, and nothing else than what it wrote itself. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { parseManifest } from '#llama/scheduling/archive-manifest.js';
import { type Outcome, startEngine, type TestEngine } from '../support/engine-process.js';
import { writeRandomModel } from '../support/gguf/random-model.js';
import { startPlumb } from '../support/plumb.js';

const root = mkdtempSync(join(tmpdir(), 'plumb-archive-'));
after(() => rmSync(root, { recursive: true }));
const modelPath = join(root, 'random.gguf');
writeRandomModel(modelPath);

const STORY = 'We plumb a lake with a line and a piece of lead. '.repeat(8);
const MEBIBYTE = 1024 * 1024;

function newFolder(): string {
  return join(mkdtempSync(join(root, 'case-')), 'kept');
}

function ask(engine: TestEngine, text = STORY, scope = 'account/'): Promise<Outcome> {
  return engine.run({ messages: [{ role: 'user', content: text }], temperature: 0, max_tokens: 16 }, { scope });
}

const hitsOf = ({ usage }: Outcome) => usage!.prompt_cache_hit_tokens;

async function start(context: TestContext, folder: string, options: object = {}): Promise<TestEngine> {
  const engine = await startEngine({ modelPath, archive: { folder, bytesMax: 64 * MEBIBYTE }, ...options });
  context.after(() => engine.stop());
  return engine;
}

/** A folder with what an engine kept that was asked once. */
async function keep(context: TestContext): Promise<{ folder: string; first: Outcome }> {
  const folder = newFolder();
  const engine = await start(context, folder);
  const first = await ask(engine);
  await engine.finish();
  return { folder, first };
}

const filesOf = (folder: string) => readdirSync(folder).sort();

describe('an engine that was told to stop', () => {
  test('finds its prefixes again, and answers the same with them', async (context) => {
    const { folder, first } = await keep(context);
    const again = await ask(await start(context, folder));
    assert.equal(hitsOf(again), again.usage!.prompt_tokens - 1);
    assert.equal(again.content, first.content);
  });

  test('keeps prefixes to their scopes', async (context) => {
    const { folder } = await keep(context);
    assert.equal(hitsOf(await ask(await start(context, folder), STORY, 'other/')), 0);
  });

  test('keeps what several conversations read', async (context) => {
    const folder = newFolder();
    const engine = await start(context, folder);
    const texts = ['One', 'Two', 'Three'].map((word) => `${word}: ${STORY}`);
    for (const text of texts) await ask(engine, text, text);
    await engine.finish();
    const next = await start(context, folder);
    for (const text of texts.toReversed()) assert.ok(hitsOf(await ask(next, text, text)) > 0, text.slice(0, 5));
  });

  test('ends what is being generated, and keeps what it had read', async (context) => {
    const folder = newFolder();
    const engine = await start(context, folder);
    const messages = [{ role: 'user' as const, content: STORY }];
    const running = engine.start({ messages, temperature: 0, max_tokens: 600 }, { scope: 'account/' });
    await running.seen(1);
    await engine.finish();
    assert.ok(hitsOf(await ask(await start(context, folder))) > 0);
  });

  test('leaves files for its own user alone', async (context) => {
    const { folder } = await keep(context);
    assert.deepEqual(filesOf(folder), ['0.state', 'manifest.json']);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    for (const file of filesOf(folder)) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
  });

  test('keeps within its bytes, the prefix that was used last first', async (context) => {
    const { folder } = await keep(context);
    const { size } = statSync(join(folder, '0.state'));
    const small = newFolder();
    const engine = await start(context, small, { archive: { folder: small, bytesMax: Math.round(1.5 * size) } });
    for (const scope of ['one', 'two', 'three']) await ask(engine, `${scope} ${STORY}`, scope);
    await engine.finish();
    const { sequences } = parseManifest(readFileSync(join(small, 'manifest.json'), 'utf8'))!;
    assert.deepEqual(
      sequences.map(({ scope }) => scope),
      ['three'],
    );
    assert.deepEqual(filesOf(small), ['0.state', 'manifest.json']);
  });

  test('keeps nothing where there is room for nothing', async (context) => {
    const folder = newFolder();
    const engine = await start(context, folder, { archive: { folder, bytesMax: 10 } });
    await ask(engine);
    await engine.finish();
    assert.deepEqual(filesOf(folder), ['manifest.json']);
  });
});

describe('what was kept is left out', () => {
  const damages: [name: string, damage: (folder: string) => void][] = [
    ['when a byte of it has changed', (folder) => changeByte(join(folder, '0.state'))],
    ['when it was cut', (folder) => writeFileSync(join(folder, '0.state'), 'short')],
    ['when it is gone', (folder) => rmSync(join(folder, '0.state'))],
    ['when it is a link', (folder) => replaceByLink(join(folder, '0.state'))],
    ['when the manifest is no JSON', (folder) => writeFileSync(join(folder, 'manifest.json'), '{"version":1,')],
    ['when the manifest names a file elsewhere', (folder) => rewrite(folder, '0.state', '../kept/0.state')],
    ['when it is of another model or engine', (folder) => rewrite(folder, /"key":"[^"]*"/, '"key":"x"')],
    ['when others can write to the folder', (folder) => chmodSync(folder, 0o777)],
  ];
  for (const [name, damage] of damages) {
    test(name, async (context) => {
      const { folder, first } = await keep(context);
      damage(folder);
      const again = await ask(await start(context, folder));
      assert.equal(hitsOf(again), 0);
      assert.equal(again.content, first.content);
    });
  }

  test('by an engine with another context', async (context) => {
    const { folder } = await keep(context);
    assert.equal(hitsOf(await ask(await start(context, folder, { contextTokens: 512 }))), 0);
  });
});

function changeByte(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
}

function replaceByLink(path: string): void {
  writeFileSync(`${path}.elsewhere`, readFileSync(path));
  rmSync(path);
  symlinkSync(`${path}.elsewhere`, path);
}

function rewrite(folder: string, pattern: RegExp | string, replacement: string): void {
  const path = join(folder, 'manifest.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace(pattern, replacement));
}

describe('a manifest', () => {
  const sequence = { file: '0.state', bytes: 1, sha256: 'x', scope: '', tokens: 1 };
  const whole = { version: 1, key: 'k', sequences: [sequence] };
  test('is read as it was written', () => assert.deepEqual(parseManifest(JSON.stringify(whole)), whole));

  const damaged = [
    null,
    [],
    { ...whole, version: 2 },
    { ...whole, key: 1 },
    { ...whole, sequences: {} },
    { ...whole, sequences: [{ ...sequence, file: '../0.state' }] },
    { ...whole, sequences: [{ ...sequence, bytes: 0.5 }] },
    { ...whole, sequences: [{ ...sequence, tokens: 'many' }] },
    { ...whole, sequences: [null] },
  ];
  for (const value of damaged) {
    test(`is none when it is ${JSON.stringify(value)}`, () => {
      assert.equal(parseManifest(JSON.stringify(value)), undefined);
    });
  }
});

test('a server that was told to keeps prefixes over a restart', async (context) => {
  const settings = { engine: { cache_on_disk: true } };
  const first = await startPlumb({ modelPath, settings });
  context.after(() => rmSync(first.dataDir, { recursive: true, force: true }));
  const body = { model: 'deepseek-chat', messages: [{ role: 'user', content: STORY }], max_tokens: 4 };
  await (await first.chat(body)).text();
  await first.server.stop(1000);
  assert.deepEqual(filesOf(join(first.dataDir, 'prefix-cache')), ['0.state', 'manifest.json']);
  const second = await startPlumb({ modelPath, settings, after: first });
  context.after(() => second.stop());
  const answer = JSON.parse(await (await second.chat(body)).text());
  assert.ok(answer.usage.prompt_cache_hit_tokens > 0);
});
