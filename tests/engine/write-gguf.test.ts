/** Holds the GGUF writer to what node-llama-cpp's reader finds in its files. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readGgufFileInfo } from 'node-llama-cpp';
import { writeGguf } from '../support/gguf/write-gguf.js';

const folder = mkdtempSync(join(tmpdir(), 'plumb-gguf-'));
after(() => rmSync(folder, { recursive: true }));

test('writes metadata of every type, alone and in arrays', async () => {
  const path = join(folder, 'metadata.gguf');
  writeGguf(path, {
    metadata: [
      ['general.architecture', 'string', 'llama'],
      ['test.uint8', 'uint8', 255],
      ['test.int8', 'int8', -128],
      ['test.uint16', 'uint16', 65_535],
      ['test.int16', 'int16', -32_768],
      ['test.uint32', 'uint32', 4_294_967_295],
      ['test.int32', 'int32', -2_147_483_648],
      ['test.float32', 'float32', 0.5],
      ['test.float64', 'float64', 0.1],
      ['test.uint64', 'uint64', 2n ** 63n],
      ['test.int64', 'int64', -(2n ** 63n)],
      ['test.yes', 'bool', true],
      ['test.no', 'bool', false],
      ['test.strings', 'string', ['', 'ä\0b', '👋']],
      ['test.numbers', 'int32', [1, -1]],
      ['test.none', 'float32', []],
    ],
    tensors: [],
  });
  const { version, metadata } = await readGgufFileInfo(path, { logWarnings: false });
  assert.equal(version, 3);
  assert.deepEqual((metadata as unknown as Record<string, unknown>).test, {
    uint8: 255,
    int8: -128,
    uint16: 65_535,
    int16: -32_768,
    uint32: 4_294_967_295,
    int32: -2_147_483_648,
    float32: 0.5,
    float64: 0.1,
    uint64: 2n ** 63n,
    int64: -(2n ** 63n),
    yes: true,
    no: false,
    strings: ['', 'ä\0b', '👋'],
    numbers: [1, -1],
    none: [],
  });
});

test('writes tensors at aligned places in the type asked for', async () => {
  const path = join(folder, 'tensors.gguf');
  writeGguf(path, {
    metadata: [['general.architecture', 'string', 'llama']],
    tensors: [
      { name: 'single', type: 'f32', shape: [3], values: Float32Array.of(1, -2, 0.5) },
      { name: 'half', type: 'f16', shape: [2, 2], values: Float32Array.of(1, -2, 65_504, 0.1) },
    ],
    alignment: 64,
  });
  const { fullTensorInfo = [], totalTensorCount } = await readGgufFileInfo(path, { logWarnings: false });
  assert.equal(totalTensorCount, 2);
  assert.deepEqual(
    fullTensorInfo.map(({ name, dimensions, ggmlType, offset }) => ({ name, dimensions, ggmlType, offset })),
    [
      { name: 'single', dimensions: [3], ggmlType: 0, offset: 0 },
      { name: 'half', dimensions: [2, 2], ggmlType: 1, offset: 64 },
    ],
  );
  const bytes = readFileSync(path);
  assert.equal(bytes.length % 64, 0);
  const data = bytes.subarray(-128);
  assert.deepEqual([data.readFloatLE(0), data.readFloatLE(4), data.readFloatLE(8)], [1, -2, 0.5]);
  const halves = [0, 2, 4, 6].map((at) => data.readUInt16LE(64 + at));
  assert.deepEqual(halves, [0x3c00, 0xc000, 0x7bff, 0x2e66]);
});

test('refuses a tensor whose values do not fill its shape, and numbers that do not fit', () => {
  const path = join(folder, 'refused.gguf');
  const tensor = { name: 'short', type: 'f32', shape: [2, 2], values: new Float32Array(3) } as const;
  assert.throws(() => writeGguf(path, { metadata: [], tensors: [tensor] }), /short has 3 values, its shape says 4/);
  assert.throws(() => writeGguf(path, { metadata: [['test.small', 'uint8', 256]], tensors: [] }), RangeError);
});
