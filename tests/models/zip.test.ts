/** Reading single members of an archive. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { listZip, readZipMember } from '#server/models/zip.js';
import { createTestFolder, failsWith, ggufBytes } from './support/fixtures.js';
import { buildZip, type WheelEntry } from './support/wheel.js';

const CONTENT = ggufBytes(1_000_000);

async function withZip(bytes: Buffer, body: (path: string) => Promise<void>): Promise<void> {
  await using folder = await createTestFolder();
  const path = join(folder.path, 'a.zip');
  await writeFile(path, bytes);
  await body(path);
}

async function unpack(path: string, name: string): Promise<Buffer> {
  const member = (await listZip(path)).find((candidate) => candidate.name === name);
  assert.ok(member);
  const chunks: Buffer[] = [];
  for await (const chunk of readZipMember(path, member)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('an archive', () => {
  for (const method of ['stored', 'deflated'] as const) {
    for (const zip64 of [false, true]) {
      test(`with ${method} members ${zip64 ? 'and zip64 fields ' : ''}gives each of them back`, async () => {
        const entries: WheelEntry[] = [
          { name: 'a/empty.txt', content: Buffer.alloc(0), method, zip64 },
          { name: 'a/Größe.gguf', content: CONTENT, method, zip64 },
          { name: 'last.txt', content: Buffer.from('last'), method, zip64 },
        ];
        await withZip(buildZip(entries, 'a comment'), async (path) => {
          const names = (await listZip(path)).map(({ name, bytes }) => [name, bytes]);
          assert.deepEqual(
            names,
            entries.map(({ name, content }) => [name, content.length]),
          );
          for (const { name, content } of entries) assert.deepEqual(await unpack(path, name), content);
        });
      });
    }
  }

  test('with a wrong checksum is damaged', async () => {
    const zip = buildZip([{ name: 'x.gguf', content: CONTENT, crc32: 1 }]);
    await withZip(zip, async (path) => {
      await assert.rejects(unpack(path, 'x.gguf'), failsWith('corrupt', /damaged/));
    });
  });

  test('with an encrypted member is refused for that member', async () => {
    const zip = buildZip([{ name: 'x.gguf', content: CONTENT, isEncrypted: true }]);
    await withZip(zip, async (path) => {
      await assert.rejects(unpack(path, 'x.gguf'), failsWith('bad_answer', /packed in a way/));
    });
  });

  test('with any byte flipped gives the member back or says that it is damaged, and never other bytes', async () => {
    const content = ggufBytes(200);
    const zip = buildZip([{ name: 'x.gguf', content }]);
    for (let at = 0; at < zip.length; at++) {
      const broken = Buffer.from(zip);
      broken[at] = (broken[at] ?? 0) ^ 0x41;
      await withZip(broken, async (path) => {
        try {
          const [member] = await listZip(path);
          if (member === undefined) return;
          const chunks: Buffer[] = [];
          for await (const chunk of readZipMember(path, member)) chunks.push(chunk);
          assert.deepEqual(Buffer.concat(chunks), content, `byte ${at}`);
        } catch (error) {
          if (error instanceof assert.AssertionError) throw error;
          assert.ok(error instanceof Error && 'code' in error, `byte ${at}`);
          assert.match(String(error.code), /^(corrupt|bad_answer)$/, `byte ${at}: ${error.message}`);
        }
      });
    }
  });

  test('cut short anywhere, or something else altogether, is damaged', async () => {
    const zip = buildZip([{ name: 'x.gguf', content: CONTENT }]);
    for (const bytes of [
      Buffer.alloc(0),
      zip.subarray(0, 20),
      zip.subarray(0, -1),
      zip.subarray(100),
      ggufBytes(90_000),
    ]) {
      await withZip(bytes, async (path) => {
        await assert.rejects(
          async () => {
            for (const { name } of await listZip(path)) await unpack(path, name);
          },
          failsWith('corrupt', /damaged/),
        );
      });
    }
  });
});
