/**
 * A loaded model with its context: all that the engine asks of llama.cpp, behind types of our own. Decoding and copying
 * run on libuv's one thread, in the order in which they were asked for; everything else is synchronous. Nothing else may
 * be called between the call of `decode` and its answer, except `tokenize`, `tokenBytes` and templates.
 */
import type { MarkerTokens } from '../grammar/write-gbnf.js';
import type { Addon, AddonContext, AddonModel } from './addon.js';
import { GrammarState } from './grammar-state.js';
import { LikelihoodProbe, type Likelihoods } from './likelihoods.js';
import { loadAddon } from './load-addon.js';
import { Sampler, type SamplerSettings } from './sampler.js';
import { createTokenBytes, isControlToken, isSpecialToken, type TokenBytes } from './token-bytes.js';

/** How a model is opened. */
export interface NativeOptions {
  readonly modelPath: string;
  /** Tokens of context of each sequence. */
  readonly contextTokens: number;
  readonly sequences: number;
  /** The most tokens of one decode. */
  readonly batchTokens: number;
  readonly threads: number;
  readonly gpuLayers: number;
}

/** The next tokens of one sequence, and how to draw the one after them. */
export interface BatchEntry {
  readonly sequence: number;
  /** The place of the first token in its sequence. */
  readonly position: number;
  readonly tokens: Uint32Array;
  /** Without one the tokens are read and nothing is drawn. */
  readonly sampler: Sampler | undefined;
  /** Whether the probabilities at the place of the draw are wanted, which costs a walk through the vocabulary. */
  readonly wantsLikelihoods?: boolean;
}

/** A token that was drawn; -1 when none could be. */
export interface Draw {
  readonly token: number;
  readonly likelihoods?: Likelihoods;
}

/** A marker of the model: a token that is more than a piece of text. */
export interface SpecialToken {
  readonly token: number;
  readonly text: string;
  /** Whether it takes part in a text only where special tokens are parsed. */
  readonly control: boolean;
}

/** The tokens that mark the parts of a text with a gap. */
export interface InfillTokens {
  readonly prefix: number;
  readonly suffix: number;
  readonly middle: number;
}

/** llama.cpp divides contexts in steps of so many tokens. */
const CONTEXT_STEP = 256;

export class NativeModel {
  readonly #addon: Addon;
  readonly #model: AddonModel;
  readonly #context: AddonContext;
  #probe: LikelihoodProbe | undefined;
  #byteTokens: readonly number[] | undefined;
  /** Bytes of output of a token. */
  readonly tokenBytes: TokenBytes;
  readonly vocabularySize: number;

  /**
   * Loads a model and tries it.
   *
   * @param vocabularySize Number of tokens, from the file's metadata.
   * @throws Error with a sentence for the operator.
   */
  static async open(options: NativeOptions, vocabularySize: number): Promise<NativeModel> {
    const errors: string[] = [];
    const addon = await loadAddon(options.gpuLayers > 0, (message) => {
      errors.push(message);
      process.stderr.write(message);
    });
    const because = () => (errors.length === 0 ? '' : `: ${errors.join('').trim().slice(-ERROR_CHARACTERS_MAX)}`);
    const model = new addon.AddonModel(options.modelPath, {
      gpuLayers: options.gpuLayers,
      useMmap: true,
      addonExports: addon,
    });
    if (!(await model.init())) throw new Error(`llama.cpp cannot load the model${because()}`);
    const context = new addon.AddonContext(model, contextOptions(options));
    if (!(await context.init())) {
      const tokens = options.sequences * options.contextTokens;
      throw new Error(`There is not enough memory for ${tokens} tokens of context${because()}`);
    }
    return new NativeModel(addon, model, context, vocabularySize);
  }

  private constructor(addon: Addon, model: AddonModel, context: AddonContext, vocabularySize: number) {
    this.#addon = addon;
    this.#model = model;
    this.#context = context;
    this.vocabularySize = vocabularySize;
    this.tokenBytes = createTokenBytes(model);
  }

  /** The tokens of a text; `parseSpecial` tells whether `<|im_end|>` and the like become the tokens that they name. */
  tokenize(text: string, parseSpecial: boolean): Uint32Array {
    return this.#model.tokenize(text, parseSpecial);
  }

  /** The tokens with which the model ends its turn. */
  endTokens(): number[] {
    const found: number[] = [];
    for (let token = 0; token < this.vocabularySize; token++) if (this.#model.isEogToken(token)) found.push(token);
    return found;
  }

  /** All markers of the vocabulary. Takes some 0.1 µs a token of it. */
  specialTokens(): SpecialToken[] {
    const found: SpecialToken[] = [];
    for (let token = 0; token < this.vocabularySize; token++) {
      if (!isSpecialToken(this.#model, token)) continue;
      const control = isControlToken(this.#model, token);
      found.push({ token, text: this.#model.getTokenString(token), control });
    }
    return found;
  }

  /** The token that prompts must begin with, if there is one. */
  get beginToken(): number | undefined {
    const token = this.#model.tokenBos();
    return this.#model.shouldPrependBosToken() && token >= 0 ? token : undefined;
  }

  /** The text of the token that templates know as `bos_token`; empty when there is none. */
  get beginText(): string {
    return this.#textOf(this.#model.tokenBos());
  }

  /** The text of the token that templates know as `eos_token`; empty when there is none. */
  get endText(): string {
    return this.#textOf(this.#model.tokenEos());
  }

  /** The tokens of filling in the middle; undefined where the vocabulary has not all three. */
  get infillTokens(): InfillTokens | undefined {
    const tokens = {
      prefix: this.#model.prefixToken(),
      suffix: this.#model.suffixToken(),
      middle: this.#model.middleToken(),
    };
    return Object.values(tokens).every((token) => token >= 0) ? tokens : undefined;
  }

  /** Tokens of context that the model was trained for. */
  get trainedContextTokens(): number {
    return this.#model.getTrainContextSize();
  }

  /** Compiles a Jinja template; what it returns throws an Error in llama.cpp's words where rendering fails. */
  compileTemplate(source: string): (variables: Record<string, unknown>) => string {
    const renderer = new this.#addon.AddonJinjaRenderer(source);
    return (variables) => renderer.render(variables);
  }

  /**
   * The beginning of a text that a grammar describes.
   *
   * @param markers The special tokens of the grammar.
   * @throws Error when it is no grammar.
   */
  startGrammar(gbnf: string, markers: MarkerTokens): GrammarState {
    this.#byteTokens ??= this.#findByteTokens();
    return new GrammarState(this.#addon, this.#model, gbnf, this.#byteTokens, markers);
  }

  createSampler(settings: SamplerSettings): Sampler {
    return new Sampler(this.#addon, this.#model, settings);
  }

  /**
   * Reads the tokens of all entries and draws the next token of those with a sampler, in their order. The entries fit
   * `batchTokens` together. Rejects when llama.cpp could not decode; what the sequences then hold is not known.
   */
  async decode(entries: readonly BatchEntry[]): Promise<Draw[]> {
    const context = this.#context;
    context.initBatch(entries.reduce((sum, { tokens }) => sum + tokens.length, 0));
    const draws: [place: number, sampler: Sampler, wantsLikelihoods: boolean][] = [];
    for (const { sequence, position, tokens, sampler, wantsLikelihoods = false } of entries) {
      const wanted = sampler === undefined ? NO_PLACES : Uint32Array.of(tokens.length - 1);
      const [place] = context.addToBatch(sequence, position, tokens, wanted);
      if (sampler !== undefined) draws.push([place!, sampler, wantsLikelihoods]);
    }
    // Drawing is queued behind decoding on the same thread, which saves a turn of the event loop for each token.
    const decoded = context.decodeBatch();
    const drawn = draws.map(([place, sampler, wantsLikelihoods]) => this.#draw(place, sampler, wantsLikelihoods));
    const [results] = await Promise.all([Promise.all(drawn), decoded]);
    return results;
  }

  async #draw(place: number, sampler: Sampler, wantsLikelihoods: boolean): Promise<Draw> {
    // A grammar that allows no token of this vocabulary is the misfortune of one request, not of the whole batch.
    const drawn = this.#context.sampleToken(place, sampler.handle).catch(() => -1);
    if (!wantsLikelihoods) return { token: await drawn };
    this.#probe ??= new LikelihoodProbe(this.#addon, this.#model);
    const [token, likelihoods] = await Promise.all([drawn, this.#probe.read(this.#context, place)]);
    return { token, likelihoods };
  }

  /** Forgets a sequence from a place on. False when this model cannot: the sequence must then be cleared. */
  cutSequence(sequence: number, from: number): boolean {
    return this.#context.removeTokenCellsFromSequence(sequence, from, -1);
  }

  clearSequence(sequence: number): void {
    this.#context.disposeSequence(sequence);
  }

  /** Makes `target` hold what `source` holds. The memory itself is copied by the next decode. */
  async copySequence(target: number, source: number): Promise<void> {
    await this.#context.copySequenceStateFromOtherSequence(target, source);
  }

  /** Writes what a sequence holds to a file. Returns the bytes written. */
  saveSequence(sequence: number, tokens: Uint32Array, path: string): Promise<number> {
    return this.#context.saveSequenceStateToFile(path, sequence, tokens);
  }

  /** Reads such a file into an empty sequence and returns its tokens. The file must be one that `saveSequence` wrote. */
  loadSequence(sequence: number, tokensMax: number, path: string): Promise<Uint32Array> {
    return this.#context.loadSequenceStateFromFile(path, sequence, tokensMax);
  }

  /** Computes with so many threads from the next decode on. */
  setThreads(threads: number): void {
    this.#context.setThreads(threads);
  }

  #findByteTokens(): number[] {
    const found = new Array<number>(256).fill(-1);
    for (let token = 0; token < this.vocabularySize; token++) {
      const bytes = this.tokenBytes(token);
      if (bytes.length === 1 && found[bytes[0]!] === -1) found[bytes[0]!] = token;
    }
    return found;
  }

  #textOf(token: number): string {
    return token < 0 ? '' : this.#model.getTokenString(token);
  }
}

const NO_PLACES = new Uint32Array(0);

/** How much of llama.cpp's own words an error repeats. */
const ERROR_CHARACTERS_MAX = 1000;

function contextOptions(options: NativeOptions) {
  const perSequence = Math.ceil(options.contextTokens / CONTEXT_STEP) * CONTEXT_STEP;
  return {
    contextSize: perSequence * options.sequences,
    sequences: options.sequences,
    batchSize: options.batchTokens,
    flashAttention: 'auto' as const,
    // With the cells of sliding windows kept, a sequence can be cut anywhere.
    swaFullCache: true,
    threads: options.threads,
  };
}
