/** Which of a request's sampling settings count, and as what. */
import type { ChatRequest } from '@plumb/wire';
import { MIN_TEMPERATURE, type SamplerSettings } from '../native/sampler.js';

/** The lowest `top_p` while thinking (contract section 7). */
const MIN_THINKING_TOP_P = 0.95;

/** The model's temperature while thinking: what DeepSeek recommends for R1, against endless repetitions. */
const THINKING_TEMPERATURE = 0.6;

/**
 * Reads the sampling settings of a request.
 *
 * While thinking, `temperature` and the penalties have no effect and `top_p` is at least 0.95 (contract section 7). This
 * engine makes one exception: `temperature` 0 chooses the likeliest token there too, so that answers can be reproduced.
 * Without thinking it honours `top_p` and the penalties, which the hosted API accepts and ignores.
 */
export function readSampling(request: ChatRequest, thinking: boolean): SamplerSettings {
  const asked = request.temperature ?? 1;
  const topP = request.top_p ?? 1;
  const temperature = asked < MIN_TEMPERATURE ? 0 : thinking ? THINKING_TEMPERATURE : toModelTemperature(asked);
  return {
    temperature: temperature < MIN_TEMPERATURE ? 0 : temperature,
    topP: thinking ? Math.max(topP, MIN_THINKING_TOP_P) : topP,
    seed: request.seed ?? undefined,
    frequencyPenalty: thinking ? 0 : (request.frequency_penalty ?? 0),
    presencePenalty: thinking ? 0 : (request.presence_penalty ?? 0),
  };
}

/**
 * The model's temperature for one of the API. The hosted API maps them too, because most callers leave 1, at which models
 * ramble: 1 becomes 0.3 there and here, 1.5 becomes 0.8, 2 becomes 1.3 (model card of DeepSeek-V3-0324).
 */
function toModelTemperature(temperature: number): number {
  return temperature <= 1 ? 0.3 * temperature : temperature - 0.7;
}
