/**
 * One folder for each model of the store: the GGUF, and `model.json`, written after the GGUF was checked, so that a
 * start need not read the GGUF again.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError, systemCode } from './model-error.js';

/** What is known of a checked model. */
export interface ModelEntry {
  /** The name of the GGUF in its folder. */
  readonly file: string;
  readonly name: string;
  readonly bytes: number;
  /** When the GGUF was last written, in whole epoch ms; another time means that it must be checked again. */
  readonly modifiedAt: number;
  /** In lower-case hex. */
  readonly sha256: string;
  /** Where it came from. */
  readonly source: string;
}

/** A checked model and where it is. */
export interface StoredModel extends ModelEntry {
  /** The absolute path of the GGUF. */
  readonly path: string;
}

const ENTRY_FILE = 'model.json';

/** The name of the folder of a model: readable, safe on every file system, and different for different keys. */
export function folderName(name: string, key: string): string {
  const readable = name.replace(/[^\w.-]+/g, '-').slice(0, 60);
  return `${readable}-${createHash('sha256').update(key).digest('hex').slice(0, 8)}`;
}

/** Reads the model of a folder without reading its GGUF; undefined unless it is there and unchanged since its check. */
export async function readModelFolder(folder: string): Promise<StoredModel | undefined> {
  const entry = await readEntry(folder);
  if (entry === undefined) return undefined;
  const path = join(folder, entry.file);
  try {
    const stats = await stat(path);
    const isUnchanged = stats.size === entry.bytes && Math.floor(stats.mtimeMs) === entry.modifiedAt;
    return isUnchanged ? { ...entry, path } : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Notes that the GGUF was checked, and clears away everything else that lies in the folder but for `keep`. */
export async function writeModelFolder(
  folder: string,
  model: Omit<ModelEntry, 'modifiedAt' | 'bytes'>,
  keep: readonly string[] = [],
): Promise<StoredModel> {
  const path = join(folder, model.file);
  const stats = await stat(path);
  const entry: ModelEntry = { ...model, bytes: stats.size, modifiedAt: Math.floor(stats.mtimeMs) };
  const draft = join(folder, `${ENTRY_FILE}.new`);
  await writeFile(draft, `${JSON.stringify(entry, null, 2)}\n`);
  await rename(draft, join(folder, ENTRY_FILE));
  const kept = new Set([ENTRY_FILE, model.file, ...keep]);
  for (const name of await readdir(folder)) {
    if (!kept.has(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
  return { ...entry, path };
}

/** The GGUF files of a folder that bear their final name, whether or not there is an entry. */
export async function findGgufFiles(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.toLowerCase().endsWith('.gguf')).sort();
}

/** All checked models below the folder of models, by name. */
export async function readModelFolders(root: string): Promise<StoredModel[]> {
  let names: string[];
  try {
    names = (await readdir(root, { withFileTypes: true })).filter((e) => e.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    if (systemCode(error) === 'ENOTDIR') {
      throw new ModelError('disk_error', `${root} should be the folder of models and is a file.`);
    }
    throw error;
  }
  const models = await Promise.all(names.map((name) => readModelFolder(join(root, name))));
  return models.filter((model) => model !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The entry of a folder; undefined where there is none, or none that can be read. */
export async function readEntry(folder: string): Promise<ModelEntry | undefined> {
  try {
    return asEntry(JSON.parse(await readFile(join(folder, ENTRY_FILE), 'utf8')));
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function asEntry(value: unknown): ModelEntry | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { file, name, bytes, modifiedAt, sha256, source } = value as Partial<Record<keyof ModelEntry, unknown>>;
  if (typeof file !== 'string' || /[/\\]/.test(file) || typeof name !== 'string') return undefined;
  if (typeof bytes !== 'number' || typeof modifiedAt !== 'number') return undefined;
  if (typeof sha256 !== 'string' || typeof source !== 'string') return undefined;
  return { file, name, bytes, modifiedAt, sha256, source };
}
