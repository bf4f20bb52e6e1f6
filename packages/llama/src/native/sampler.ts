/** How the next token is drawn. */
import type { Addon, AddonModel, AddonSampler, SamplerConfig } from './addon.js';
import type { GrammarState } from './grammar-state.js';

/** The settings of a draw, in the words of the request. */
export interface SamplerSettings {
  /** 0 chooses the likeliest token; otherwise at least `MIN_TEMPERATURE`. */
  readonly temperature: number;
  /** 1 leaves all tokens in. */
  readonly topP: number;
  /** Draws of equal seeds are equal; none is a seed of its own for each process. */
  readonly seed: number | undefined;
  readonly frequencyPenalty: number;
  readonly presencePenalty: number;
}

/** Lower temperatures overflow the arithmetic of the draw; they mean the likeliest token in any case. */
export const MIN_TEMPERATURE = 1e-3;

/**
 * Tokens less likely than this, against the likeliest one and at the temperature of the draw, are left out before it:
 * together they are too unlikely to be seen, and leaving them out halves the cost of a draw at temperature 1.
 */
const NEGLIGIBLE_PROBABILITY = 1e-10;

/** The most recent tokens of an answer that penalties look at. */
const PENALIZED_TOKENS_MAX = 65_536;

/** Draws tokens with one setting. Not to be used by two generations when it has a seed, penalties or a grammar. */
export class Sampler {
  /** Of use to the native folder alone. */
  readonly handle: AddonSampler;
  readonly #config: SamplerConfig;
  #forbidden: readonly number[] = [];
  #grammar: GrammarState | undefined;

  constructor(addon: Addon, model: AddonModel, settings: SamplerSettings) {
    this.handle = new addon.AddonSampler(model);
    this.#config = toConfig(settings);
    this.handle.applyConfig(this.#config);
  }

  /** Keeps tokens from being drawn until `allowAll`. `drawn` is what the answer has so far, for its penalties. */
  forbid(tokens: readonly number[], drawn: readonly number[]): void {
    this.#forbidden = tokens;
    this.#apply(drawn);
  }

  allowAll(drawn: readonly number[]): void {
    this.forbid([], drawn);
  }

  /** Draws only what the grammar allows from now on; the state moves on with what is drawn. */
  constrain(grammar: GrammarState, drawn: readonly number[]): void {
    this.#grammar = grammar;
    this.#apply(drawn);
  }

  dispose(): void {
    this.handle.dispose();
  }

  /** The addon forgets what a config does not repeat. */
  #apply(drawn: readonly number[]): void {
    const config = { ...this.#config };
    if (config.repeatPenaltyTokens !== undefined) config.repeatPenaltyTokens = Uint32Array.from(drawn);
    if (this.#grammar !== undefined) config.grammarEvaluationState = this.#grammar.handle;
    if (this.#forbidden.length > 0) {
      config.tokenBiasKeys = Uint32Array.from(this.#forbidden);
      config.tokenBiasValues = new Float32Array(this.#forbidden.length).fill(Number.NEGATIVE_INFINITY);
    }
    this.handle.applyConfig(config);
  }
}

function toConfig(settings: SamplerSettings): SamplerConfig {
  const config: SamplerConfig = { temperature: settings.temperature };
  if (settings.temperature > 0) {
    config.seed = toNativeSeed(settings.seed ?? Math.floor(Math.random() * 2 ** 32));
    if (settings.topP < 1) config.topP = settings.topP;
    else config.minP = NEGLIGIBLE_PROBABILITY ** settings.temperature;
  }
  if (settings.frequencyPenalty !== 0 || settings.presencePenalty !== 0) {
    config.repeatPenalty = 1;
    config.repeatPenaltyTokens = new Uint32Array(0);
    config.repeatPenaltyMaxTokens = PENALIZED_TOKENS_MAX;
    config.repeatPenaltyFrequencyPenalty = settings.frequencyPenalty;
    config.repeatPenaltyPresencePenalty = settings.presencePenalty;
  }
  return config;
}

/** llama.cpp takes 32 bits, and takes all of them set for "any seed". */
const ANY_SEED = 0xffffffff;

function toNativeSeed(seed: number): number {
  const folded = ((seed % 2 ** 32) ^ Math.floor(seed / 2 ** 32)) >>> 0;
  return folded === ANY_SEED ? 0 : folded;
}
