/** The look at a file that decides whether it can be a model at all. */
import { open } from 'node:fs/promises';
import { ModelError, systemCode } from './model-error.js';

/** `GGUF`, the first four bytes of every such file. */
const MAGIC = 'GGUF';
/** The versions that the embedded engine reads. */
const VERSIONS: ReadonlySet<number> = new Set([2, 3]);
/** magic (4) | version (4) | number of tensors (8) | number of metadata keys (8) */
const HEADER_BYTES = 24;

/**
 * Resolves with the size of the file in bytes when it begins as a GGUF file does. Throws a ModelError: `not_found` where
 * there is no such file, `no_permission` where it may not be read, `not_a_model` for anything else. `label` is what the
 * file is called in messages.
 */
export async function checkGguf(path: string, label: string = path): Promise<number> {
  const { header, bytes } = await readHeader(path, label);
  if (header.toString('latin1', 0, 4) !== MAGIC) throw notAModel(label, `it ${describeStart(header)}`);
  if (header.length < HEADER_BYTES) throw notAModel(label, `it ends after ${bytes} bytes`);
  const version = header.readUInt32LE(4);
  if (VERSIONS.has(version)) return bytes;
  if (VERSIONS.has(header.readUInt32BE(4))) throw notAModel(label, 'it was made for big-endian machines');
  throw notAModel(
    label,
    `its version is ${version}, and the versions that can be read are ${[...VERSIONS].join(', ')}`,
  );
}

async function readHeader(path: string, label: string): Promise<{ header: Buffer; bytes: number }> {
  try {
    await using file = await open(path, 'r');
    const stats = await file.stat();
    if (!stats.isFile()) throw notAModel(label, stats.isDirectory() ? 'it is a folder' : 'it is not a regular file');
    const header = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
    return { header: header.subarray(0, bytesRead), bytes: stats.size };
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new ModelError('not_found', `There is no file ${label}.`);
    if (code === 'EACCES' || code === 'EPERM') throw new ModelError('no_permission', `Plumb may not read ${label}.`);
    if (code === 'EISDIR') throw notAModel(label, 'it is a folder');
    throw error;
  }
}

function describeStart(header: Buffer): string {
  if (header.length === 0) return 'is empty';
  const text = header.toString('latin1').trimStart().toLowerCase();
  if (text.startsWith('<!doctype') || text.startsWith('<html')) return 'is a web page';
  if (text.startsWith('version https://git-lfs')) return 'is a Git LFS pointer, not the file it stands for';
  return `does not begin with "${MAGIC}"`;
}

function notAModel(label: string, problem: string): ModelError {
  return new ModelError('not_a_model', `${label} is not a GGUF model: ${problem}.`);
}
