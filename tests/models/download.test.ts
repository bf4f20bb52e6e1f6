/** Downloads against a server that breaks off and changes its mind. */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { DOWNLOAD_CONTENT as CONTENT, rangesOf, withSetting } from './support/download-setting.js';
import type { FileServer } from './support/file-server.js';
import { failsWith, filesBelow, ggufBytes, noticesOf, sha256 } from './support/fixtures.js';

describe('a download', () => {
  test('puts the file in place with its size and SHA-256, and leaves nothing else', async () => {
    await withSetting([], async ({ download, destination, folder, server, context }) => {
      assert.deepEqual(await download(), {
        bytes: CONTENT.length,
        sha256: sha256(CONTENT),
      });
      assert.deepEqual(await readFile(destination), CONTENT);
      assert.deepEqual(await filesBelow(folder), ['model.gguf']);
      assert.equal(server.requests[0]?.headers['accept-encoding'], 'identity');
      const last = context.seen.at(-1);
      assert.deepEqual(last, {
        kind: 'transfer',
        phase: 'downloading',
        name: 'model.gguf',
        doneBytes: CONTENT.length,
        totalBytes: CONTENT.length,
      });
    });
  });

  test('goes on where the connection was cut, asking for the same file only', async () => {
    await withSetting([{ cutAfter: 4000 }], async ({ download, server, context, destination }) => {
      await download({ sha256: sha256(CONTENT) });
      assert.deepEqual(await readFile(destination), CONTENT);
      assert.equal(server.requests.length, 2);
      const range = /^bytes=(\d+)-$/.exec(server.requests[1]?.headers.range ?? '');
      assert.ok(Number(range?.[1]) > 0, 'the second request asks for the rest');
      assert.match(String(server.requests[1]?.headers['if-range']), /^"[0-9a-f]{32}"$/);
      assert.match(noticesOf(context.seen)[0] ?? '', /broke.*Trying again in 0\.5 s \(1 of 5\)/);
    });
  });

  test('goes on in a later run, and hashes what was there', async () => {
    await withSetting([{ cutAfter: 4000 }, { status: 404 }], async ({ download, server, folder, destination }) => {
      await assert.rejects(download(), failsWith('not_found'));
      assert.deepEqual(await filesBelow(folder), ['model.gguf.part', 'model.gguf.part.json']);
      const { size } = await stat(`${destination}.part`);
      assert.deepEqual(await download(), {
        bytes: CONTENT.length,
        sha256: sha256(CONTENT),
      });
      assert.equal(rangesOf(server).at(-1), `bytes=${size}-`);
      assert.deepEqual(await filesBelow(folder), ['model.gguf']);
    });
  });

  test('starts anew when the file changed on the server (If-Range answered with 200)', async () => {
    const other = ggufBytes(9_000, 2);
    await withSetting([{ cutAfter: 4000 }, { replaceBy: other }], async ({ download, destination }) => {
      assert.equal((await download()).sha256, sha256(other));
      assert.deepEqual(await readFile(destination), other);
    });
  });

  test('starts anew when the server heeds Range and not If-Range, and the entity tag shows it', async () => {
    const other = ggufBytes(10_000, 2);
    const steps = [{ cutAfter: 4000 }, { replaceBy: other, ignoresIfRange: true }];
    await withSetting(steps, async ({ download, server, context }) => {
      assert.equal((await download()).sha256, sha256(other));
      assert.deepEqual(rangesOf(server).at(-1), undefined);
      assert.match(noticesOf(context.seen)[1] ?? '', /the file changed on the server/);
    });
  });

  test('takes a server that knows no ranges', async () => {
    await withSetting([{ cutAfter: 4000 }, { ignoresRange: true }], async ({ download }) => {
      assert.equal((await download()).sha256, sha256(CONTENT));
    });
  });

  test('does not take a range that begins elsewhere', async () => {
    await withSetting([{ cutAfter: 4000 }, { wrongRange: true }], async ({ download, server }) => {
      assert.equal((await download()).sha256, sha256(CONTENT));
      assert.equal(rangesOf(server).length, 3);
    });
  });

  test('goes on after a range that is shorter than was asked for', async () => {
    await withSetting([{ cutAfter: 4000 }, { rangeBytes: 2000 }], async ({ download, server }) => {
      assert.equal((await download()).sha256, sha256(CONTENT));
      assert.deepEqual(rangesOf(server), [undefined, 'bytes=4000-', 'bytes=6000-']);
    });
  });

  test('without validator and promised hash never joins two answers', async () => {
    for (const validator of ['none', 'weak'] as const) {
      await withSetting([{ cutAfter: 4000, validator }], async ({ download, server }) => {
        assert.equal((await download()).sha256, sha256(CONTENT));
        assert.deepEqual(rangesOf(server), [undefined, undefined]);
      });
    }
  });

  test('uses the date as validator where there is no entity tag', async () => {
    const steps = [{ cutAfter: 4000, validator: 'date' as const }, { validator: 'date' as const }];
    await withSetting(steps, async ({ download, server }) => {
      assert.equal((await download()).sha256, sha256(CONTENT));
      assert.match(String(server.requests[1]?.headers['if-range']), / GMT$/);
    });
  });

  test('that is whole and was not put in place is finished by the answer 416', async () => {
    await withSetting([], async ({ download, server, destination, folder }) => {
      await assert.rejects(
        download({
          check: () => Promise.reject(new Error('the power failed')),
        }),
      );
      const etag = await tagOf(server);
      await writeFile(`${destination}.part`, CONTENT);
      await writeFile(`${destination}.part.json`, noteOf(server, { validator: etag, totalBytes: CONTENT.length }));
      assert.equal((await download()).sha256, sha256(CONTENT));
      assert.equal(rangesOf(server).at(-1), `bytes=${CONTENT.length}-`);
      assert.deepEqual(await filesBelow(folder), ['model.gguf']);
    });
  });

  test('that is whole and has a promised hash needs no request at all', async () => {
    await withSetting([], async ({ download, server, destination }) => {
      await writeFile(`${destination}.part`, CONTENT);
      const hash = sha256(CONTENT);
      await writeFile(`${destination}.part.json`, noteOf(server, { sha256: hash, totalBytes: CONTENT.length }));
      assert.equal((await download({ sha256: hash })).sha256, hash);
      assert.equal(server.requests.length, 0);
    });
  });

  test('drops what an earlier run left of another file, or without a readable note', async () => {
    const note = { validator: '"x"', totalBytes: 10_000 };
    for (const text of ['', '{"url":', '[]', JSON.stringify({ url: 'http://other/', ...note })]) {
      await withSetting([], async ({ download, server, destination }) => {
        await writeFile(`${destination}.part`, ggufBytes(4000, 9));
        await writeFile(`${destination}.part.json`, text);
        assert.equal((await download()).sha256, sha256(CONTENT));
        assert.deepEqual(rangesOf(server), [undefined]);
      });
    }
  });

  test('whose earlier part proves wrong is fetched anew by itself', async () => {
    await withSetting([], async ({ download, server, destination, context }) => {
      const hash = sha256(CONTENT);
      await writeFile(`${destination}.part`, ggufBytes(4000, 9));
      await writeFile(`${destination}.part.json`, noteOf(server, { sha256: hash, totalBytes: CONTENT.length }));
      assert.equal((await download({ sha256: hash })).sha256, hash);
      assert.deepEqual(rangesOf(server), ['bytes=4000-', undefined]);
      assert.match(noticesOf(context.seen)[0] ?? '', /Starting anew/);
    });
  });
});

async function tagOf(server: FileServer): Promise<string> {
  const response = await fetch(`${server.origin}/model.gguf`, {
    method: 'HEAD',
  });
  return response.headers.get('etag') ?? '';
}

function noteOf(server: FileServer, note: Record<string, unknown>): string {
  return JSON.stringify({ url: `${server.origin}/model.gguf`, ...note });
}
