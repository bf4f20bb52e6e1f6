/** How long the parts of an answer take, as a function of its length and of the load. */
import type { SeededRandom } from './random.js';
import type { LatencySettings } from './settings.js';

/** The parameters of the model; see `LatencySettings`. */
export interface Latency {
  readonly slots: number;
  readonly firstTokenMs: number;
  readonly prefillTokensPerSecond: number;
  readonly tokenMs: number;
  readonly tokenMsPerSequence: number;
  readonly jitter: number;
}

/** No duration becomes shorter than this share of its mean, however it differs. */
const JITTERED_SHARE_MIN = 0.1;

export class LatencyModel {
  readonly parameters: Latency;
  readonly #random: SeededRandom;

  constructor(parameters: Latency, random: SeededRandom) {
    this.parameters = parameters;
    this.#random = random;
  }

  /** Reading so many tokens of a prompt, in ms. */
  prefillMs(tokens: number): number {
    return this.#vary((tokens / this.parameters.prefillTokensPerSecond) * 1000);
  }

  /** From the end of reading to the first token, in ms. */
  firstTokenMs(): number {
    return this.#vary(this.parameters.firstTokenMs);
  }

  /** One step, in which each of so many answers gets one token; in ms. */
  stepMs(sequences: number): number {
    const { tokenMs, tokenMsPerSequence } = this.parameters;
    return this.#vary(tokenMs + tokenMsPerSequence * sequences);
  }

  #vary(meanMs: number): number {
    const { jitter } = this.parameters;
    return jitter === 0 ? meanMs : meanMs * Math.max(JITTERED_SHARE_MIN, 1 + jitter * this.#random.gauss());
  }
}

/** The parameters with what the settings say in their places. */
export function overrideLatency(latency: Latency, settings: LatencySettings): Latency {
  return {
    slots: settings.slots ?? latency.slots,
    firstTokenMs: settings.first_token_ms ?? latency.firstTokenMs,
    prefillTokensPerSecond: settings.prefill_tokens_per_s ?? latency.prefillTokensPerSecond,
    tokenMs: settings.token_ms ?? latency.tokenMs,
    tokenMsPerSequence: settings.token_ms_per_sequence ?? latency.tokenMsPerSequence,
    jitter: settings.jitter ?? latency.jitter,
  };
}
