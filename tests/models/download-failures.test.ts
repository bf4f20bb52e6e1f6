/** Downloads that come to no good end, or have to look elsewhere first. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ModelError } from '#server/models/model-error.js';
import { MAX_RETRIES } from '#server/models/retry.js';
import { DOWNLOAD_CONTENT as CONTENT, rangesOf, withSetting } from './support/download-setting.js';
import { type Step, startFileServer } from './support/file-server.js';
import { createContext, createPace, failsWith, filesBelow, noticesOf, sha256 } from './support/fixtures.js';

describe('a download that goes wrong', () => {
  test('deletes a file with the wrong SHA-256 and says so', async () => {
    await withSetting([{ corrupts: true }], async ({ download, folder }) => {
      await assert.rejects(download({ sha256: sha256(CONTENT) }), failsWith('corrupt', /promised was .*was deleted/));
      assert.deepEqual(await filesBelow(folder), []);
    });
  });

  test('refuses a file of the wrong size before it fetches it', async () => {
    await withSetting([], async ({ download, context }) => {
      await assert.rejects(download({ bytes: 10_001 }), failsWith('corrupt', /has 10000 bytes, 10001 were promised/));
      assert.deepEqual(context.seen, []);
    });
  });

  test('deletes a file that is no model', async () => {
    await withSetting(
      [{ replaceBy: Buffer.from('<!doctype html><p>Please log in.') }],
      async ({ download, folder }) => {
        await assert.rejects(download(), failsWith('not_a_model', /is a web page/));
        assert.deepEqual(await filesBelow(folder), []);
      },
    );
  });

  test('is given up after a bounded number of attempts without progress, and keeps what it has', async () => {
    const steps = [{ cutAfter: 4000 }, ...Array<Step>(50).fill({ status: 503 })];
    await withSetting(steps, async ({ download, server, folder, context }) => {
      await assert.rejects(download(), failsWith('interrupted', /answered 503/));
      assert.equal(server.requests.length, 1 + MAX_RETRIES);
      assert.deepEqual(await filesBelow(folder), ['model.gguf.part', 'model.gguf.part.json']);
      const { waits } = context.pace as ReturnType<typeof createPace>;
      assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000]);
    });
  });

  test('waits as long as the server asks, within bounds', async () => {
    const steps = [
      { status: 429, headers: { 'retry-after': '7' } },
      { status: 503, headers: { 'retry-after': '100000' } },
      { status: 503, headers: { 'retry-after': 'soon' } },
    ];
    await withSetting(steps, async ({ download, context }) => {
      await download();
      assert.deepEqual((context.pace as ReturnType<typeof createPace>).waits, [7000, 60_000, 2000]);
    });
  });

  test('is not tried again when the answer would be the same', async () => {
    for (const [status, code] of [
      [401, 'not_allowed'],
      [403, 'not_allowed'],
      [404, 'not_found'],
      [410, 'not_found'],
      [400, 'bad_answer'],
      [206, 'bad_answer'],
    ] as const) {
      await withSetting([{ status }], async ({ download, server }) => {
        await assert.rejects(download(), failsWith(code, new RegExp(`${status}`)));
        assert.equal(server.requests.length, 1);
      });
    }
  });

  test('notices a server that falls silent', async () => {
    const context = createContext({ pace: createPace({ idleTimeoutMs: 50 }) });
    const steps = [{ stallAfter: 4000 }];
    await withSetting(
      steps,
      async ({ download, server }) => {
        assert.equal((await download()).sha256, sha256(CONTENT));
        assert.deepEqual(rangesOf(server), [undefined, 'bytes=4000-']);
        assert.match(noticesOf(context.seen)[0] ?? '', /sent nothing for 0\.05 s/);
      },
      context,
    );
  });

  test('notices a server that does not answer', async () => {
    const context = createContext({
      pace: createPace({ responseTimeoutMs: 50 }),
    });
    await withSetting(
      [{ silent: true }],
      async ({ download }) => {
        await assert.rejects(download(), failsWith('unreachable', /sent nothing for 0\.05 s/));
      },
      context,
    );
  });

  test('asks an unreachable server again only as often as it is told to', async () => {
    const context = createContext({ unreachableRetries: 2 });
    await withSetting(
      [],
      async ({ download, server }) => {
        await server[Symbol.asyncDispose]();
        await assert.rejects(download(), failsWith('unreachable', /refuses connections \(ECONNREFUSED\)/));
        assert.equal(noticesOf(context.seen).length, 2);
      },
      context,
    );
  });

  test('stops at once when it is aborted, and keeps what it has', async () => {
    const controller = new AbortController();
    const reason = new ModelError('stopped', 'Stopped.');
    const context = createContext({
      signal: controller.signal,
      onProgress: (progress) => {
        if (progress.kind === 'transfer' && progress.doneBytes > 0) controller.abort(reason);
      },
    });
    await withSetting(
      [{ stallAfter: 4000 }],
      async ({ download, folder }) => {
        await assert.rejects(download(), (error) => error === reason);
        assert.deepEqual(await filesBelow(folder), ['model.gguf.part', 'model.gguf.part.json']);
      },
      context,
    );
  });

  test('refuses a body whose end cannot be told, unless a hash can tell', async () => {
    await withSetting([{ length: 'until_close' }, { length: 'until_close' }], async ({ download }) => {
      await assert.rejects(download(), failsWith('bad_answer', /does not say how long/));
      assert.equal((await download({ sha256: sha256(CONTENT) })).bytes, CONTENT.length);
    });
  });

  test('takes a body in chunks, and starts anew where it breaks', async () => {
    await withSetting([{ length: 'chunked', cutAfter: 4000 }, { length: 'chunked' }], async ({ download, server }) => {
      assert.equal((await download()).sha256, sha256(CONTENT));
      assert.deepEqual(rangesOf(server), [undefined, undefined]);
    });
  });

  test('refuses a compressed body', async () => {
    await withSetting([{ headers: { 'content-encoding': 'gzip' } }], async ({ download }) => {
      await assert.rejects(download(), failsWith('bad_answer', /compresses/));
    });
  });

  test('says so when the disk has no room, before it fetches', async () => {
    const headers = { 'content-length': String(2 ** 52) };
    await withSetting([{ length: 'chunked', headers, stallAfter: 10 }], async ({ download, folder }) => {
      await assert.rejects(download(), failsWith('disk_full', /are needed.*PLUMB_MODELS_DIR/));
      assert.ok(!existsSync(join(folder, 'model.gguf')));
    });
  });

  test('says so when the folder cannot be written', async () => {
    await withSetting([], async ({ download, folder }) => {
      await writeFile(join(folder, 'file'), '');
      const destination = join(folder, 'file', 'model.gguf');
      await assert.rejects(download({ destination }), failsWith('disk_error', /ENOTDIR.*PLUMB_MODELS_DIR/));
    });
  });
});

describe('a download that is redirected', () => {
  test('follows, and sends the token to the first server alone', async () => {
    await using storage = await startFileServer(CONTENT);
    await withSetting([], async ({ download, server }) => {
      server.route = (request, response) => {
        if (request.url === '/model.gguf') response.writeHead(307, { location: '/moved.gguf' }).end();
        else response.writeHead(302, { location: `${storage.origin}/blob?signature=1` }).end();
        return true;
      };
      assert.equal((await download({ authorization: 'Bearer secret' })).sha256, sha256(CONTENT));
      assert.deepEqual(
        server.requests.map(({ headers }) => headers.authorization),
        ['Bearer secret', 'Bearer secret'],
      );
      assert.deepEqual(
        storage.requests.map(({ url, headers }) => [url, headers.authorization]),
        [['/blob?signature=1', undefined]],
      );
    });
  });

  test('goes round in circles only so often', async () => {
    await withSetting([], async ({ download, server }) => {
      server.route = (_request, response) => {
        response.writeHead(302, { location: '/model.gguf' }).end();
        return true;
      };
      await assert.rejects(download(), failsWith('bad_answer', /redirects more than 10 times/));
      assert.equal(server.requests.length, 11);
    });
  });

  test('does not leave TLS or this machine by it', async () => {
    for (const location of ['http://192.0.2.1/model.gguf', 'file:///etc/passwd', 'ftp://127.0.0.1/x']) {
      await withSetting([{ status: 302, headers: { location } }], async ({ download }) => {
        await assert.rejects(download(), failsWith('bad_answer', /without TLS/));
      });
    }
  });
});
