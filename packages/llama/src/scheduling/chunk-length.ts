/**
 * How many tokens of a prompt are read at once.
 *
 * On a CPU llama.cpp computes attention in one of two ways, whose results differ in their last digits: token by token,
 * and in tiles once at least 64 tokens of a sequence are read together. Where all is done token by token, a text is the
 * same to the bit whatever runs beside it, wherever its prompt was cut, and whether a part of it came from the cache; a
 * draw at temperature 0 would otherwise now and then fall on another token. Tiles are a quarter to two thirds faster in
 * long prompts and hardly in short ones. So the beginning of a prompt is read in chunks below 64 tokens, and the rest in
 * whole tiles at fixed places. The border is where exactness ends in any case: from there on llama.cpp divides the
 * attention of a stream that decodes alone between its threads, which again rounds differently.
 *
 * Small chunks also bound how long an abort waits.
 */

/** Up to this place in a sequence everything is computed token by token. */
export const EXACT_TOKENS = 256;

/** The most tokens of a chunk of the exact part; below 64 the speed hardly depends on it. */
const EXACT_CHUNK_TOKENS = 48;

/** A tile of llama.cpp's attention on CPUs. */
const TILE_TOKENS = 64;

/** A chunk on a GPU, where large ones are what counts. */
const GPU_CHUNK_TOKENS = 512;

/** The most tokens of one chunk: what the batch must have room for. */
export function longestChunk(usesGpu: boolean): number {
  return usesGpu ? GPU_CHUNK_TOKENS : TILE_TOKENS;
}

/**
 * The length of the next chunk of a prompt.
 *
 * @param position Where in the sequence the chunk begins.
 * @param left How many tokens are left to be read; at least one.
 */
export function chunkLength(position: number, left: number, usesGpu: boolean): number {
  if (usesGpu) return Math.min(left, GPU_CHUNK_TOKENS);
  if (position >= EXACT_TOKENS) return Math.min(left, TILE_TOKENS - (position % TILE_TOKENS));
  const inExactPart = Math.min(left, EXACT_TOKENS - position);
  // Chunks of one size rather than a short one at the end, which would cost nearly as much as a long one.
  return Math.ceil(inExactPart / Math.ceil(inExactPart / EXACT_CHUNK_TOKENS));
}
