/** One request's life in the embedding engine: the inputs that are left, and the vectors so far. */
import type { EmbeddingRequest, EmbeddingResponse, Usage } from '@plumb/wire';

export class EmbeddingWork {
  readonly #inputs: readonly Uint32Array[];
  readonly #request: EmbeddingRequest;
  readonly #model: string;
  readonly #vectors: (number[] | string)[] = [];
  #tokens = 0;

  /** @param inputs At least one. */
  constructor(inputs: readonly Uint32Array[], request: EmbeddingRequest, model: string) {
    this.#inputs = inputs;
    this.#request = request;
    this.#model = model;
  }

  get hasBegun(): boolean {
    return this.#vectors.length > 0;
  }

  get isDone(): boolean {
    return this.#vectors.length === this.#inputs.length;
  }

  /** The tokens of the next input; there must be one. */
  next(): Uint32Array {
    return this.#inputs[this.#vectors.length]!;
  }

  /** Takes the vector of that input. */
  take(vector: Float64Array, tokens: number): void {
    const kept = normalize(vector.subarray(0, this.#request.dimensions ?? vector.length));
    this.#vectors.push(this.#request.encoding_format === 'base64' ? toBase64(kept) : Array.from(kept));
    this.#tokens += tokens;
  }

  /** What has been read so far; nothing of it comes from a cache. */
  get usage(): Usage {
    return {
      prompt_tokens: this.#tokens,
      completion_tokens: 0,
      total_tokens: this.#tokens,
      prompt_tokens_details: { cached_tokens: 0 },
      prompt_cache_hit_tokens: 0,
      prompt_cache_miss_tokens: this.#tokens,
    };
  }

  answer(): EmbeddingResponse {
    return {
      object: 'list',
      data: this.#vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
      model: this.#model,
      usage: { prompt_tokens: this.#tokens, total_tokens: this.#tokens },
    };
  }
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
