/** Reading the metadata of model files, whole and damaged. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { readGgufMetadata } from '#llama/gguf-metadata.js';
import { writeGguf } from '../support/gguf/write-gguf.js';

const folder = mkdtempSync(join(tmpdir(), 'plumb-metadata-'));
after(() => rmSync(folder, { recursive: true }));

/** Longer than the blocks in which files are read. */
const LONG = 'ä'.repeat(1_500_000);

const path = join(folder, 'model.gguf');
writeGguf(path, {
  metadata: [
    ['general.architecture', 'string', 'llama'],
    ['test.numbers', 'float64', Array.from({ length: 300_000 }, (_, index) => index)],
    ['test.strings', 'string', ['', 'ä\0b', 'x'.repeat(100), LONG]],
    ['test.flags', 'bool', [true, false]],
    ['test.uint8', 'uint8', 255],
    ['test.int8', 'int8', -128],
    ['test.uint16', 'uint16', 65_535],
    ['test.int16', 'int16', -32_768],
    ['test.uint32', 'uint32', 4_294_967_295],
    ['test.int32', 'int32', -2_147_483_648],
    ['test.float32', 'float32', 0.5],
    ['test.float64', 'float64', 0.1],
    ['test.uint64', 'uint64', 2n ** 40n],
    ['test.int64', 'int64', -(2n ** 40n)],
    ['test.yes', 'bool', true],
    ['test.no', 'bool', false],
    ['test.long', 'string', LONG],
    ['test.last', 'string', 'the end'],
  ],
  tensors: [],
});

describe('the metadata of a GGUF', () => {
  test('has every scalar and string, and the measures of every array', () => {
    const { values, arrays } = readGgufMetadata(path);
    assert.deepEqual(Object.fromEntries(values), {
      'general.architecture': 'llama',
      'test.uint8': 255,
      'test.int8': -128,
      'test.uint16': 65_535,
      'test.int16': -32_768,
      'test.uint32': 4_294_967_295,
      'test.int32': -2_147_483_648,
      'test.float32': 0.5,
      'test.float64': 0.1,
      'test.uint64': 2 ** 40,
      'test.int64': -(2 ** 40),
      'test.yes': true,
      'test.no': false,
      'test.long': LONG,
      'test.last': 'the end',
    });
    assert.deepEqual(Object.fromEntries(arrays), {
      'test.numbers': { length: 300_000, longestBytes: 0 },
      'test.strings': { length: 4, longestBytes: 3_000_000 },
      'test.flags': { length: 2, longestBytes: 0 },
    });
  });

  test('is refused with a sentence where the file is damaged', () => {
    const whole = readFileSync(path);
    const damaged = join(folder, 'damaged.gguf');
    const refuse = (bytes: Uint8Array, reason: RegExp) => {
      writeFileSync(damaged, bytes);
      assert.throws(() => readGgufMetadata(damaged), reason);
    };
    refuse(new Uint8Array(0), /cut off/);
    for (const length of [3, 10, 30, 100, 2_000_000, whole.length - 200]) refuse(whole.subarray(0, length), /cut off/);
    refuse(Buffer.from('not a model at all, but long enough'), /not a GGUF/);
    const patched = (place: number, value: number) => {
      const bytes = Buffer.from(whole);
      bytes.writeUInt32LE(value, place);
      return bytes;
    };
    refuse(patched(4, 1), /version 1/);
    refuse(patched(4, 99), /version 99/);
    refuse(patched(16, 70_000), /too many metadata keys/);
    refuse(patched(28, 1), /too long/);
    refuse(patched(24 + 8 + 'general.architecture'.length, 77), /unknown type 77/);
  });
});
