/** Every configuration that the guide shows is one that the server takes, and the whole one shows the defaults. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '#server/config/load-config.js';
import { load } from './support/load.js';

const guides = new URL('../../../docs/guide/', import.meta.url);
const guide = new URL('configuration.md', guides);

// The page for users of an endpoint shows their own file, not that of a server.
const pages = (await readdir(guides)).filter((name) => name.endsWith('.md') && name !== 'cli-client.md');
for (const page of pages) {
  const blocks = (await readFile(new URL(page, guides), 'utf8')).matchAll(/```yaml\n([\s\S]*?)```/g);
  for (const [index, [, yaml = '']] of [...blocks].entries()) {
    test(`the settings in ${page}, block ${index + 1}, are valid`, async (context) => {
      await load(context, { file: yaml, environment: namedVariables(yaml) });
    });
  }
}

/** The environment variables that hold the keys of engines. */
function namedVariables(yaml: string): Record<string, string> {
  return Object.fromEntries([...yaml.matchAll(/api_key_env: (\w+)/g)].map(([, name]) => [name, 'a-key']));
}

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
