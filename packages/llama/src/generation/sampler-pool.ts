/**
 * Hands out samplers. A sampler holds a table over the whole vocabulary, so that one that is used for many streams stays
 * in the processor's cache; only those whose draws depend on their own past are made for one generation each.
 */
import type { NativeModel } from '../native/native-model.js';
import type { Sampler, SamplerSettings } from '../native/sampler.js';

/** The most samplers that are kept to be shared. */
const SHARED_SAMPLERS_MAX = 32;

/** A sampler for one generation. */
export interface SamplerLease {
  readonly sampler: Sampler;
  /** To be called once, when nothing will be drawn with it any more. */
  release(): void;
}

export class SamplerPool {
  readonly #model: NativeModel;
  readonly #shared = new Map<string, Sampler>();

  constructor(model: NativeModel) {
    this.#model = model;
  }

  /** @param isOwn Whether the generation will change what may be drawn. */
  lease(settings: SamplerSettings, isOwn: boolean): SamplerLease {
    const key = isOwn ? undefined : sharingKey(settings);
    if (key === undefined) return this.#create(settings);
    const known = this.#shared.get(key);
    if (known !== undefined) return { sampler: known, release() {} };
    if (this.#shared.size >= SHARED_SAMPLERS_MAX) return this.#create(settings);
    const sampler = this.#model.createSampler(settings);
    this.#shared.set(key, sampler);
    return { sampler, release() {} };
  }

  #create(settings: SamplerSettings): SamplerLease {
    const sampler = this.#model.createSampler(settings);
    return { sampler, release: () => sampler.dispose() };
  }
}

/** Equal for settings whose draws may be mixed; undefined where they may not. */
function sharingKey(settings: SamplerSettings): string | undefined {
  if (settings.frequencyPenalty !== 0 || settings.presencePenalty !== 0) return undefined;
  if (settings.temperature === 0) return 'greedy';
  return settings.seed === undefined ? `${settings.temperature} ${settings.topP}` : undefined;
}
