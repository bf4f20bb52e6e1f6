/** An embedding model in memory: texts to tokens, tokens to vectors, one input at a time. */
import type { Addon, AddonContext, AddonModel } from './addon.js';
import { loadAddon } from './load-addon.js';
import { VocabularyType } from './token-bytes.js';

export interface EmbedderOptions {
  readonly modelPath: string;
  /** The most tokens of one input, the model's own at both ends included. */
  readonly contextTokens: number;
  readonly threads: number;
  readonly gpuLayers: number;
}

/** How much of llama.cpp's own words an error repeats. */
const ERROR_CHARACTERS_MAX = 1000;

export class NativeEmbedder {
  readonly #model: AddonModel;
  readonly #context: AddonContext;
  /** Tokens that every input begins and ends with, where the model wants them. */
  readonly #first: number | undefined;
  readonly #last: number | undefined;

  /**
   * Loads a model.
   *
   * @throws Error with a sentence for the operator.
   */
  static async open(options: EmbedderOptions): Promise<NativeEmbedder> {
    const errors: string[] = [];
    const addon: Addon = await loadAddon(options.gpuLayers > 0, (message) => {
      errors.push(message);
      process.stderr.write(message);
    });
    const because = () => (errors.length === 0 ? '' : `: ${errors.join('').trim().slice(-ERROR_CHARACTERS_MAX)}`);
    const { modelPath, gpuLayers, contextTokens, threads } = options;
    const model = new addon.AddonModel(modelPath, { gpuLayers, useMmap: true, addonExports: addon });
    if (!(await model.init())) throw new Error(`llama.cpp cannot load the model${because()}`);
    const context = new addon.AddonContext(model, {
      contextSize: contextTokens,
      sequences: 1,
      // A model that reads in both directions needs all of an input at once.
      batchSize: contextTokens,
      flashAttention: 'auto',
      threads,
      swaFullCache: true,
      embeddings: true,
    });
    if (!(await context.init())) {
      throw new Error(`There is not enough memory for ${contextTokens} tokens of context${because()}`);
    }
    return new NativeEmbedder(model, context);
  }

  private constructor(model: AddonModel, context: AddonContext) {
    this.#model = model;
    this.#context = context;
    this.#first = firstToken(model);
    this.#last = lastToken(model);
  }

  /** How many numbers a vector has. */
  get dimensions(): number {
    return this.#model.getEmbeddingVectorSize();
  }

  /** The tokens of a text; whatever it looks like, it is text. */
  tokenize(text: string): Uint32Array {
    return this.#model.tokenize(text, false);
  }

  /** The tokens of an input with those that the model wants around it. */
  wrap(tokens: ArrayLike<number>): Uint32Array {
    const wrapped = Array.from(tokens);
    if (this.#first !== undefined && wrapped[0] !== this.#first) wrapped.unshift(this.#first);
    if (this.#last !== undefined && wrapped.at(-1) !== this.#last) wrapped.push(this.#last);
    return Uint32Array.from(wrapped);
  }

  /** The vector of an input that fits, as the model gives it. Rejects when llama.cpp could not compute it. */
  async embed(tokens: Uint32Array): Promise<Float64Array> {
    const context = this.#context;
    context.initBatch(tokens.length);
    context.addToBatch(0, 0, tokens, Uint32Array.of(tokens.length - 1));
    try {
      await context.decodeBatch();
      return context.getEmbedding(tokens.length);
    } finally {
      context.disposeSequence(0);
    }
  }
}

function firstToken(model: AddonModel): number | undefined {
  const isWanted = model.getVocabularyType() === VocabularyType.wordPiece || model.shouldPrependBosToken();
  return isWanted && model.getVocabularyType() !== VocabularyType.unigram ? known(model.tokenBos()) : undefined;
}

function lastToken(model: AddonModel): number | undefined {
  const type = model.getVocabularyType();
  if (type === VocabularyType.wordPiece) return known(model.sepToken());
  return type === VocabularyType.unigram || model.shouldAppendEosToken() ? known(model.tokenEos()) : undefined;
}

function known(token: number): number | undefined {
  return token < 0 ? undefined : token;
}
