/**
 * The native addon of node-llama-cpp, as far as this engine uses it. These classes are internals of that package: its
 * version is pinned to `ADDON_VERSION`, and nothing outside this folder knows them.
 */

/** The version of node-llama-cpp that these types were read from. */
export const ADDON_VERSION = '3.22.1';

/** What the addon exports. */
export interface Addon {
  readonly AddonModel: new (path: string, options: ModelOptions) => AddonModel;
  readonly AddonContext: new (model: AddonModel, options: ContextOptions) => AddonContext;
  readonly AddonSampler: AddonSamplerClass;
  /** Throws an Error when the text is no grammar; why goes to the process's standard error. */
  readonly AddonGrammar: new (
    gbnf: string,
  ) => AddonGrammar;
  readonly AddonGrammarEvaluationState: new (model: AddonModel, grammar: AddonGrammar) => AddonGrammarState;
  readonly AddonJinjaRenderer: new (template: string) => AddonTemplate;
  markLoaded(): boolean;
  setLogger(logger: (level: number, message: string) => void): void;
  setLoggerLogLevel(level: number): void;
  loadBackends(folder?: string): void;
  init(): Promise<void>;
}

export interface ModelOptions {
  readonly gpuLayers: number;
  readonly useMmap: boolean;
  /** The addon itself, which the model keeps alive. */
  readonly addonExports: Addon;
}

export interface ContextOptions {
  /** Of all sequences together; each gets an equal share, a multiple of 256. */
  readonly contextSize: number;
  readonly sequences: number;
  /** The most tokens of one decode. */
  readonly batchSize: number;
  readonly flashAttention: boolean | 'auto';
  readonly threads: number;
  readonly swaFullCache: boolean;
  /** Whether it makes embeddings instead of logits. */
  readonly embeddings?: boolean;
}

export interface AddonModel {
  /** False when the file could not be loaded; why goes to the logger. */
  init(): Promise<boolean>;
  dispose(): Promise<void>;
  tokenize(text: string, parseSpecial: boolean): Uint32Array;
  detokenize(tokens: Uint32Array, renderSpecial: boolean): string;
  getTokenString(token: number): string;
  getTokenAttributes(token: number): number;
  isEogToken(token: number): boolean;
  getVocabularyType(): number;
  shouldPrependBosToken(): boolean;
  shouldAppendEosToken(): boolean;
  sepToken(): number;
  getEmbeddingVectorSize(): number;
  /** -1 where there is none. */
  tokenBos(): number;
  tokenEos(): number;
  /** What stands before the text, before what follows the gap, and before what fills it; -1 where there is none. */
  prefixToken(): number;
  suffixToken(): number;
  middleToken(): number;
  getTrainContextSize(): number;
}

export interface AddonContext {
  init(): Promise<boolean>;
  dispose(): Promise<void>;
  initBatch(tokens: number): void;
  /** Returns the places of the tokens at `logitPlaces` in the whole batch, for `sampleToken`. */
  addToBatch(sequence: number, position: number, tokens: Uint32Array, logitPlaces: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  /** -1 when nothing could be drawn. */
  sampleToken(batchPlace: number, sampler: AddonSampler): Promise<number>;
  /** The same, and what the addon knows of the logits that the sampler left. */
  sampleToken(
    batchPlace: number,
    sampler: AddonSampler,
    probabilities: false,
    confidence: false,
    logits: LogitsWanted | false,
    totalLogitWeight: boolean,
  ): Promise<SampledWithLogits>;
  /** False when the memory of this model cannot be cut there. `to` is -1 for the end. */
  removeTokenCellsFromSequence(sequence: number, from: number, to: number): boolean;
  disposeSequence(sequence: number): void;
  copySequenceStateFromOtherSequence(target: number, source: number): Promise<number>;
  /** Writes what a sequence holds to a file, with its tokens. Returns the bytes written. */
  saveSequenceStateToFile(path: string, sequence: number, tokens: Uint32Array): Promise<number>;
  /** Reads such a file into a sequence and returns its tokens; rejects when it does not fit. */
  loadSequenceStateFromFile(path: string, sequence: number, tokensMax: number): Promise<Uint32Array>;
  setThreads(threads: number): void;
  /** The embedding of sequence 0 after a decode: pooled as the model says, or of the last token. */
  getEmbedding(tokens: number): Float64Array;
}

/** Which logits are wanted: those of some tokens, the highest, the lowest, the drawn one, and the highest so many. */
export type LogitsWanted = readonly [
  tokens: readonly number[],
  highest: boolean,
  lowest: boolean,
  drawn: boolean,
  top: number,
];

/** `logits` are tokens and logits in turn; the weight is the sum of `exp(logit - highest logit)`. */
export type SampledWithLogits = readonly [
  token: number,
  probabilities: undefined,
  confidence: undefined,
  logits: readonly number[] | undefined,
  totalLogitWeight: number | undefined,
];

/** A key that is left out costs nothing; `temperature` 0 chooses the likeliest token. */
export interface SamplerConfig {
  temperature: number;
  topK?: number;
  topP?: number;
  minP?: number;
  seed?: number;
  repeatPenalty?: number;
  repeatPenaltyTokens?: Uint32Array;
  repeatPenaltyMaxTokens?: number;
  repeatPenaltyPresencePenalty?: number;
  repeatPenaltyFrequencyPenalty?: number;
  tokenBiasKeys?: Uint32Array;
  tokenBiasValues?: Float32Array;
  /** Moves on with every token that is drawn. */
  grammarEvaluationState?: AddonGrammarState;
}

/** A grammar in GBNF. Has no members. */
export type AddonGrammar = { readonly [brand]: 'grammar' };

/** Where in a grammar a text has come. Has no members. */
export type AddonGrammarState = { readonly [brand]: 'grammar state' };

declare const brand: unique symbol;

export interface AddonSamplerClass {
  new (model: AddonModel): AddonSampler;
  /** Throws when the grammar does not allow the token; the state is then of no use. */
  acceptGrammarEvaluationStateToken(state: AddonGrammarState, token: number): void;
  canBeNextTokenForGrammarEvaluationState(state: AddonGrammarState, token: number): boolean;
}

export interface AddonSampler {
  applyConfig(config: SamplerConfig): void;
  dispose(): void;
}

export interface AddonTemplate {
  /** Throws an Error with the words of the template engine. */
  render(variables: Record<string, unknown>): string;
}
