/** The look that decides whether a file can be a model. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checkGguf } from '#server/models/gguf.js';
import { createTestFolder, failsWith, ggufBytes } from './support/fixtures.js';

function header(change: (bytes: Buffer) => void): Buffer {
  const bytes = ggufBytes(64);
  change(bytes);
  return bytes;
}

describe('a GGUF file', () => {
  test('of version 2 or 3 is taken, and its size is told', async () => {
    await using folder = await createTestFolder();
    const path = join(folder.path, 'm.gguf');
    for (const version of [2, 3]) {
      await writeFile(
        path,
        header((bytes) => bytes.writeUInt32LE(version, 4)),
      );
      assert.equal(await checkGguf(path), 64);
    }
  });

  const WRONG: readonly [what: string, content: Buffer, problem: RegExp][] = [
    ['an empty file', Buffer.alloc(0), /is empty/],
    ['a web page', Buffer.from('\n<!DOCTYPE html><html></html>'), /is a web page/],
    ['a Git LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\noid'), /LFS pointer/],
    ['a file of another kind', Buffer.from('PK\u0003\u0004 and a long rest of it'), /does not begin with "GGUF"/],
    ['a file that ends within its header', ggufBytes(64).subarray(0, 20), /ends after 20 bytes/],
    ['a file of a version to come', header((bytes) => bytes.writeUInt32LE(9, 4)), /its version is 9/],
    ['a big-endian file', header((bytes) => bytes.writeUInt32BE(3, 4)), /big-endian/],
  ];
  for (const [what, content, problem] of WRONG) {
    test(`is not ${what}, and the message says so`, async () => {
      await using folder = await createTestFolder();
      const path = join(folder.path, 'm.gguf');
      await writeFile(path, content);
      await assert.rejects(checkGguf(path), failsWith('not_a_model', problem));
    });
  }

  test('that is not there or is a folder has a message of its own', async () => {
    await using folder = await createTestFolder();
    await assert.rejects(checkGguf(join(folder.path, 'no.gguf')), failsWith('not_found', /There is no file/));
    await mkdir(join(folder.path, 'f.gguf'));
    await assert.rejects(checkGguf(join(folder.path, 'f.gguf')), failsWith('not_a_model', /it is a folder/));
  });
});
