/** Vectors of texts without a model: texts that share tokens are near each other, and the same text is the same vector. */
import { type EmbeddingRequest, type EmbeddingResponse, invalidRequest } from '@plumb/wire';
import { SeededRandom } from './random.js';

/** Numbers of a vector that each token of a text adds to. */
const NUMBERS_PER_TOKEN = 8;

/**
 * The answer to a request. Throws an ApiError 400 when more numbers are asked for than there are.
 *
 * @param inputs The tokens of each input.
 */
export function writeEmbeddings(
  { request, model }: { readonly request: EmbeddingRequest; readonly model: string },
  inputs: readonly (readonly number[])[],
  dimensions: number,
): EmbeddingResponse {
  const kept = request.dimensions ?? dimensions;
  const data = inputs.map((ids, index) => {
    const vector = normalize(embed(ids, dimensions).subarray(0, kept));
    const embedding = request.encoding_format === 'base64' ? toBase64(vector) : Array.from(vector);
    return { object: 'embedding' as const, index, embedding };
  });
  const tokens = countInputs(inputs);
  return { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

/** Throws an ApiError 400 when more numbers are asked for than a vector has. */
export function requireDimensions({ dimensions: asked }: EmbeddingRequest, dimensions: number): void {
  if (typeof asked === 'number' && asked > dimensions) {
    throw invalidRequest(`Invalid dimensions value, the valid range of dimensions is [1, ${dimensions}]`);
  }
}

/** How many tokens inputs have together. */
export function countInputs(inputs: readonly (readonly number[])[]): number {
  return inputs.reduce((sum, ids) => sum + ids.length, 0);
}

/** How much every number of a vector differs from 0 at least by chance, so that no part of a vector is all zeros. */
const NOISE = 0.05;

function embed(ids: readonly number[], dimensions: number): Float64Array {
  const noise = new SeededRandom(ids);
  const vector = Float64Array.from({ length: dimensions }, () => NOISE * noise.gauss());
  for (const id of ids) {
    let state = Math.imul(id + 1, 0x9e3779b1);
    for (let count = 0; count < NUMBERS_PER_TOKEN; count++) {
      state = Math.imul(state ^ (state >>> 15), 0x85ebca6b);
      state ^= state >>> 13;
      const place = (state >>> 1) % dimensions;
      vector[place] = vector[place]! + ((state & 1) === 0 ? 1 : -1);
    }
  }
  return vector;
}

/** The vector at length 1, in the precision that is sent; all zeros stay as they are. */
function normalize(vector: Float64Array): Float32Array {
  const length = Math.hypot(...vector);
  return Float32Array.from(vector, (value) => (length === 0 ? 0 : value / length));
}

function toBase64(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * Float32Array.BYTES_PER_ELEMENT);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * Float32Array.BYTES_PER_ELEMENT);
  return bytes.toString('base64');
}
