/**
 * How likely the tokens at one place were: the probabilities of the model itself, whatever temperature, penalties and
 * grammar made of them for the draw.
 */
import type { Addon, AddonContext, AddonModel, AddonSampler } from './addon.js';

/** The likeliest tokens at one place, the likeliest first; natural logarithms of their probabilities. */
export type Likelihoods = readonly { readonly token: number; readonly logprob: number }[];

/** How many tokens are read; the contract has no more. */
const LIKELIEST_TOKENS = 20;

/** Reads likelihoods beside a draw. For all generations of a model together. */
export class LikelihoodProbe {
  readonly #likeliest: AddonSampler;
  readonly #weight: AddonSampler;

  constructor(addon: Addon, model: AddonModel) {
    this.#likeliest = new addon.AddonSampler(model);
    // At temperature 0 the addon leaves `topK` out, and would sort the whole vocabulary.
    this.#likeliest.applyConfig({ temperature: 1, topK: LIKELIEST_TOKENS, seed: 0 });
    this.#weight = new addon.AddonSampler(model);
    this.#weight.applyConfig({ temperature: 0 });
  }

  /** Reads the place of a batch; queued behind its decoding like a draw. */
  async read(context: AddonContext, place: number): Promise<Likelihoods> {
    const top = [[], false, false, false, LIKELIEST_TOKENS] as const;
    const [likeliest, whole] = await Promise.all([
      context.sampleToken(place, this.#likeliest, false, false, top, false),
      context.sampleToken(place, this.#weight, false, false, false, true),
    ]);
    const logits = likeliest[3] ?? [];
    const normalizer = (logits[1] ?? 0) + Math.log(whole[4] ?? 1);
    return Array.from({ length: logits.length / 2 }, (_, index) => ({
      token: logits[2 * index]!,
      logprob: logits[2 * index + 1]! - normalizer,
    }));
  }
}
