/** The configuration that the guide shows is one that the server takes, and shows the defaults. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '#server/config/load-config.js';

const guide = new URL('../../../docs/guide/configuration.md', import.meta.url);

test('the settings in the guide are valid and, but for the model, the defaults on two cores', async () => {
  const yaml = /```yaml\n([\s\S]*?)```/.exec(await readFile(guide, 'utf8'))?.[1] ?? '';
  const folder = await mkdtemp(join(tmpdir(), 'plumb-guide-'));
  try {
    const sources = { flags: { dataDir: folder }, environment: {}, currentDir: folder, cores: 2 };
    const defaults = await loadConfig(sources);
    await writeFile(join(folder, 'plumb.yaml'), yaml);
    const { config_file, model, ...shown } = await loadConfig(sources);
    assert.equal(config_file, join(folder, 'plumb.yaml'));
    assert.equal(model, 'hf:owner/repo/file.gguf');
    assert.deepEqual(shown, defaults);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
