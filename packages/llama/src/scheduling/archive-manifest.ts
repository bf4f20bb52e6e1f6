/** What the manifest of the kept sequences says, and how one that was damaged is told. */

/** One kept sequence. */
export interface ArchivedSequence {
  /** The name of its file, in the folder of the manifest. */
  readonly file: string;
  readonly bytes: number;
  /** 64 hex digits over the file. */
  readonly sha256: string;
  /** Whose it is. */
  readonly scope: string;
  readonly tokens: number;
}

/** The kept sequences, from the one used last to the one used longest ago. */
export interface Manifest {
  readonly version: 1;
  readonly key: string;
  readonly sequences: readonly ArchivedSequence[];
}

/** The manifest, or undefined for a text that is none. */
export function parseManifest(text: string): Manifest | undefined {
  const value = parse(text);
  if (!isRecord(value) || value.version !== 1 || typeof value.key !== 'string') return undefined;
  const { key, sequences } = value;
  if (!Array.isArray(sequences) || !sequences.every(isArchivedSequence)) return undefined;
  return { version: 1, key, sequences };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A name of another form could lead out of the folder. */
const FILE_NAME = /^\d{1,6}\.state$/;

function isArchivedSequence(value: unknown): value is ArchivedSequence {
  if (!isRecord(value)) return false;
  const { file, bytes, sha256, scope, tokens } = value;
  const hasTexts = typeof file === 'string' && typeof sha256 === 'string' && typeof scope === 'string';
  return hasTexts && FILE_NAME.test(file) && Number.isSafeInteger(bytes) && Number.isSafeInteger(tokens);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
