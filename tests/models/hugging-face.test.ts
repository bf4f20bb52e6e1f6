/** The hub's way of telling about files, played by a local server that HF_ENDPOINT points at. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ensureModel } from '#server/models/model-store.js';
import { type FileServer, startFileServer } from './support/file-server.js';
import { createPace, createTestFolder, failsWith, ggufBytes, ManualClock, sha256 } from './support/fixtures.js';

const CONTENT = ggufBytes(5_000);
const COMMIT = 'c0ffee'.padEnd(40, '0');
const SOURCE = 'hf:owner/repo/q4/model.gguf';

interface Hub {
  readonly hub: FileServer;
  readonly storage: FileServer;
  pull(environment?: NodeJS.ProcessEnv, source?: string): ReturnType<typeof ensureModel>;
}

/** A hub that describes a large file and redirects to a storage, as the real one does. */
async function withHub(body: (hub: Hub) => Promise<void>, linkedHash = sha256(CONTENT)): Promise<void> {
  await using storage = await startFileServer(CONTENT);
  await using hub = await startFileServer(CONTENT);
  await using folder = await createTestFolder();
  hub.route = (request, response) => {
    if (!request.url.endsWith('/q4/model.gguf')) return false;
    response.writeHead(302, {
      location: `${storage.origin}/blobs/1?signature=abc`,
      'x-repo-commit': COMMIT,
      'x-linked-etag': `"${linkedHash}"`,
      'x-linked-size': String(CONTENT.length),
    });
    response.end();
    return true;
  };
  const pull = (environment: NodeJS.ProcessEnv = {}, source = SOURCE) =>
    ensureModel(source, {
      clock: new ManualClock(),
      pace: createPace(),
      environment: {
        PLUMB_MODELS_DIR: join(folder.path, 'models'),
        HF_ENDPOINT: `${hub.origin}/`,
        ...environment,
      },
    });
  await body({ hub, storage, pull });
}

describe('a model of the hub', () => {
  test('is asked about first, then fetched at the commit that the hub named', async () => {
    await withHub(async ({ hub, storage, pull }) => {
      const model = await pull();
      assert.equal(model.sha256, sha256(CONTENT));
      assert.equal(model.name, 'model');
      assert.equal(model.source, SOURCE);
      assert.deepEqual(
        hub.requests.map(({ method, url }) => `${method} ${url}`),
        ['HEAD /owner/repo/resolve/main/q4/model.gguf', `GET /owner/repo/resolve/${COMMIT}/q4/model.gguf`],
      );
      assert.deepEqual(
        storage.requests.map(({ method, url }) => `${method} ${url}`),
        ['GET /blobs/1?signature=abc'],
      );
    });
  });

  test('is fetched at the revision that the source names', async () => {
    await withHub(async ({ hub, pull }) => {
      await pull({}, 'hf:owner/repo@v2/q4/model.gguf');
      assert.equal(hub.requests[0]?.url, '/owner/repo/resolve/v2/q4/model.gguf');
    });
  });

  test('must have the SHA-256 that the hub names', async () => {
    await withHub(async ({ pull }) => {
      await assert.rejects(pull(), failsWith('corrupt', /promised was 0000/));
    }, '0'.repeat(64));
  });

  test('is fetched with the token, which the storage does not get', async () => {
    await withHub(async ({ hub, storage, pull }) => {
      await pull({ HF_TOKEN: 'hf_secret' });
      assert.deepEqual(
        hub.requests.map(({ headers }) => headers.authorization),
        ['Bearer hf_secret', 'Bearer hf_secret'],
      );
      assert.deepEqual(
        storage.requests.map(({ headers }) => headers.authorization),
        [undefined],
      );
    });
  });

  test('that is small, kept without a hash and not redirected is fetched all the same', async () => {
    await withHub(async ({ pull, hub }) => {
      const model = await pull({}, 'hf:owner/repo/small.gguf');
      assert.equal(model.sha256, sha256(CONTENT));
      assert.equal(hub.requests[1]?.url, '/owner/repo/resolve/main/small.gguf');
    });
  });

  test('whose repository was renamed is found under its new name', async () => {
    await withHub(async ({ pull, hub }) => {
      const route = hub.route;
      hub.route = (request, response) => {
        if (!request.url.startsWith('/old/')) return route(request, response);
        response.writeHead(307, { location: request.url.replace('/old/', '/owner/') }).end();
        return true;
      };
      assert.equal((await pull({}, 'hf:old/repo/q4/model.gguf')).sha256, sha256(CONTENT));
    });
  });

  test('is fetched from a mirror that answers no questions', async () => {
    await withHub(async ({ pull, hub }) => {
      hub.steps.push({ status: 405 });
      assert.equal((await pull({}, 'hf:owner/repo/small.gguf')).sha256, sha256(CONTENT));
    });
  });

  const REFUSALS = [
    [{ status: 403, code: 'GatedRepo' }, 'not_allowed', /whom its owners admit.*set HF_TOKEN/],
    [{ status: 404, code: 'EntryNotFound' }, 'not_found', /has no file small\.gguf at main/],
    [{ status: 404, code: 'RevisionNotFound' }, 'not_found', /has no revision main/],
    [
      { status: 401, code: 'RepoNotFound' },
      'not_found',
      /There is no repository owner\/repo on the hub, or it is private/,
    ],
    [{ status: 401, code: '' }, 'not_found', /HF_TOKEN is not set/],
    [{ status: 418, code: '' }, 'bad_answer', /answered 418/],
  ] as const;
  for (const [{ status, code }, expected, message] of REFUSALS) {
    test(`that is refused with ${status} ${code} has a message that says what to do`, async () => {
      await withHub(async ({ hub, pull }) => {
        hub.steps.push({
          status,
          headers: code === '' ? {} : { 'x-error-code': code },
        });
        await assert.rejects(pull({}, 'hf:owner/repo/small.gguf'), failsWith(expected, message));
        assert.equal(hub.requests.length, 1);
      });
    });
  }

  test('is asked about again while the hub is overloaded', async () => {
    await withHub(async ({ hub, pull }) => {
      hub.steps.push({ status: 503 }, { status: 429 });
      assert.equal((await pull({}, 'hf:owner/repo/small.gguf')).sha256, sha256(CONTENT));
    });
  });

  test('needs an HF_ENDPOINT that is a URL', async () => {
    await withHub(async ({ pull }) => {
      await assert.rejects(pull({ HF_ENDPOINT: 'mirror' }), failsWith('bad_source', /HF_ENDPOINT is "mirror"/));
    });
  });
});
