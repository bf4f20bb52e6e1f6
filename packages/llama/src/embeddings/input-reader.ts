/** From the inputs of a request to the tokens that the model reads, or to the refusal of one that does not fit. */
import { type EmbeddingInput, type EmbeddingRequest, inputsOf, invalidRequest } from '@plumb/wire';
import type { NativeEmbedder } from '../native/native-embedder.js';

export interface InputReaderOptions {
  /** The most tokens of one input. */
  readonly contextTokens: number;
  readonly vocabularySize: number;
}

/** Bytes that a token is at most taken to have: a text beyond that cannot fit and is not tokenized. */
const LONGEST_TOKEN_BYTES = 256;

export class InputReader {
  readonly #embedder: Pick<NativeEmbedder, 'tokenize' | 'wrap'>;
  readonly #options: InputReaderOptions;

  constructor(embedder: Pick<NativeEmbedder, 'tokenize' | 'wrap'>, options: InputReaderOptions) {
    this.#embedder = embedder;
    this.#options = options;
  }

  /**
   * The tokens of each input, none of them empty.
   *
   * @param dimensions How many numbers a vector of the model has.
   * @throws ApiError invalid_request for an input that is too long or not of the vocabulary, and for more dimensions than
   * there are.
   */
  read({ input, dimensions: asked }: EmbeddingRequest, dimensions: number): Uint32Array[] {
    if (typeof asked === 'number' && asked > dimensions) {
      throw invalidRequest(`Invalid dimensions value, the valid range of dimensions is [1, ${dimensions}]`);
    }
    return inputsOf(input).map((one, index) => this.#readOne(one, index));
  }

  /** How many tokens the inputs have together. Throws like `read`. */
  count(input: EmbeddingInput): number {
    return inputsOf(input).reduce((sum, one, index) => sum + this.#readOne(one, index).length, 0);
  }

  #readOne(input: string | readonly number[], index: number): Uint32Array {
    const { contextTokens, vocabularySize } = this.#options;
    if (input.length > contextTokens * LONGEST_TOKEN_BYTES) throw tooLong(index, contextTokens);
    if (typeof input !== 'string' && input.some((token) => token >= vocabularySize)) {
      throw invalidRequest(`Invalid 'input[${index}]': a token is not in the vocabulary of ${vocabularySize} tokens`);
    }
    const tokens = this.#embedder.wrap(typeof input === 'string' ? this.#embedder.tokenize(input) : input);
    if (tokens.length > contextTokens) throw tooLong(index, contextTokens, tokens.length);
    if (tokens.length === 0) throw invalidRequest(`Invalid 'input[${index}]': there is no token in it`);
    return tokens;
  }
}

function tooLong(index: number, contextTokens: number, tokens?: number): Error {
  const has = tokens === undefined ? 'is far longer' : `has ${tokens}`;
  return invalidRequest(
    `Invalid 'input[${index}]': this model reads at most ${contextTokens} tokens of an input, and this one ${has}. ` +
      'Send it in parts.',
  );
}
