/** Which of a request's sampling settings count, and as what. */
import type { ChatRequest } from '@plumb/wire';
import { MIN_TEMPERATURE, type SamplerSettings } from '../native/sampler.js';

/** The lowest `top_p` while thinking (contract section 7). */
const MIN_THINKING_TOP_P = 0.95;

/**
 * Reads the sampling settings of a request.
 *
 * While thinking, `temperature` and the penalties have no effect and `top_p` is at least 0.95 (contract section 7). This
 * engine makes one exception: `temperature` 0 chooses the likeliest token there too, so that answers can be reproduced.
 * Without thinking it honours `top_p` and the penalties, which the hosted API accepts and ignores.
 */
export function readSampling(request: ChatRequest, thinking: boolean): SamplerSettings {
  const temperature = request.temperature ?? 1;
  const isGreedy = temperature < MIN_TEMPERATURE;
  const topP = request.top_p ?? 1;
  const seed = request.seed ?? undefined;
  if (thinking) {
    return {
      temperature: isGreedy ? 0 : 1,
      topP: Math.max(topP, MIN_THINKING_TOP_P),
      seed,
      frequencyPenalty: 0,
      presencePenalty: 0,
    };
  }
  return {
    temperature: isGreedy ? 0 : temperature,
    topP,
    seed,
    frequencyPenalty: request.frequency_penalty ?? 0,
    presencePenalty: request.presence_penalty ?? 0,
  };
}
