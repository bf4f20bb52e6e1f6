/// <reference lib="esnext.float16" />
/**
 * Writes GGUF files (version 3, little-endian, as specified in ggml's docs/gguf.md), so that tests can make the models
 * that they need. Knows nothing of architectures: `llama-model.ts` says what goes into a file.
 */
import { closeSync, openSync, writeSync } from 'node:fs';

/** The JavaScript value of each GGUF scalar type. Arrays hold one scalar type; arrays of arrays are not offered. */
interface ScalarValues {
  uint8: number;
  int8: number;
  uint16: number;
  int16: number;
  uint32: number;
  int32: number;
  float32: number;
  bool: boolean;
  string: string;
  uint64: bigint;
  int64: bigint;
  float64: number;
}

type ScalarType = keyof ScalarValues;

type Entry<T extends ScalarType> = readonly [key: string, type: T, value: ScalarValues[T] | readonly ScalarValues[T][]];

/** One metadata key with its type and value; an array value is written as a GGUF array of that type. */
export type MetadataEntry = { [T in ScalarType]: Entry<T> }[ScalarType];

/** A tensor and its values. */
export interface Tensor {
  name: string;
  /** What the values are stored as. */
  type: 'f32' | 'f16';
  /** Length of a row first: a matrix that maps `n` inputs to `m` outputs has the shape `[n, m]`. */
  shape: readonly number[];
  /** The values, row after row; as many as the product of `shape`. */
  values: Float32Array;
}

/** What goes into a file. */
export interface GgufContents {
  /** In the order of the file. `general.alignment` is added when `alignment` is given. */
  metadata: readonly MetadataEntry[];
  tensors: readonly Tensor[];
  /** Each tensor starts at a multiple of so many bytes; a multiple of 8. Default 32. */
  alignment?: number;
}

/**
 * Writes a GGUF file, over one that is there.
 *
 * @throws RangeError when a tensor has not as many values as its shape says, or a number does not fit its type.
 */
export function writeGguf(path: string, contents: GgufContents): void {
  const alignment = contents.alignment ?? DEFAULT_ALIGNMENT_BYTES;
  const metadata: MetadataEntry[] = [...contents.metadata];
  if (contents.alignment !== undefined) metadata.push(['general.alignment', 'uint32', alignment]);
  const bodies = contents.tensors.map(encodeTensor);

  const header = [MAGIC, uint32(VERSION), uint64(bodies.length), uint64(metadata.length), ...metadata.map(encodeEntry)];
  let offset = 0;
  for (const [index, tensor] of contents.tensors.entries()) {
    header.push(encodeTensorInfo(tensor, offset));
    offset += padded(bodies[index]!.length, alignment);
  }

  const file = openSync(path, 'w');
  try {
    for (const part of [Buffer.concat(header), ...bodies]) {
      writeFully(file, part);
      writeFully(file, Buffer.alloc(padded(part.length, alignment) - part.length));
    }
  } finally {
    closeSync(file);
  }
}

const MAGIC = Buffer.from('GGUF');
const VERSION = 3;
const DEFAULT_ALIGNMENT_BYTES = 32;

/** Numbers that the format gives to the types of values (`gguf_type`) and of tensors (`ggml_type`). */
const VALUE_TYPES = {
  uint8: 0,
  int8: 1,
  uint16: 2,
  int16: 3,
  uint32: 4,
  int32: 5,
  float32: 6,
  bool: 7,
  string: 8,
  array: 9,
  uint64: 10,
  int64: 11,
  float64: 12,
} as const;
const TENSOR_TYPES = { f32: 0, f16: 1 } as const;

const ENCODERS: { [T in ScalarType]: (value: ScalarValues[T]) => Buffer } = {
  uint8: (value) => encode(1, (bytes) => bytes.writeUInt8(value)),
  int8: (value) => encode(1, (bytes) => bytes.writeInt8(value)),
  uint16: (value) => encode(2, (bytes) => bytes.writeUInt16LE(value)),
  int16: (value) => encode(2, (bytes) => bytes.writeInt16LE(value)),
  uint32,
  int32: (value) => encode(4, (bytes) => bytes.writeInt32LE(value)),
  float32: (value) => encode(4, (bytes) => bytes.writeFloatLE(value)),
  bool: (value) => Buffer.of(value ? 1 : 0),
  string: text,
  uint64,
  int64: (value) => encode(8, (bytes) => bytes.writeBigInt64LE(value)),
  float64: (value) => encode(8, (bytes) => bytes.writeDoubleLE(value)),
};

function encodeTensor(tensor: Tensor): Buffer {
  const expected = tensor.shape.reduce((product, length) => product * length, 1);
  if (tensor.values.length !== expected) {
    throw new RangeError(`Tensor ${tensor.name} has ${tensor.values.length} values, its shape says ${expected}.`);
  }
  const values = tensor.type === 'f16' ? new Float16Array(tensor.values) : tensor.values;
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

function encodeEntry<T extends ScalarType>([key, type, value]: Entry<T>): Buffer {
  const isArray = (candidate: typeof value): candidate is readonly ScalarValues[T][] => Array.isArray(candidate);
  if (!isArray(value)) return Buffer.concat([text(key), uint32(VALUE_TYPES[type]), ENCODERS[type](value)]);
  const start = [text(key), uint32(VALUE_TYPES.array), uint32(VALUE_TYPES[type]), uint64(value.length)];
  return Buffer.concat([...start, ...value.map((element) => ENCODERS[type](element))]);
}

function encodeTensorInfo({ name, shape, type }: Tensor, offset: number): Buffer {
  const lengths = shape.map((length) => uint64(length));
  return Buffer.concat([text(name), uint32(shape.length), ...lengths, uint32(TENSOR_TYPES[type]), uint64(offset)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  return encode(4, (bytes) => bytes.writeUInt32LE(value));
}

function uint64(value: number | bigint): Buffer {
  return encode(8, (bytes) => bytes.writeBigUInt64LE(BigInt(value)));
}

function encode(length: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(length);
  write(bytes);
  return bytes;
}

function padded(length: number, alignment: number): number {
  return Math.ceil(length / alignment) * alignment;
}

function writeFully(file: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
}
