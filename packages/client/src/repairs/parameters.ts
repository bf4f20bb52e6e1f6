/** Parameters that an endpoint refuses and an answer does not need: found in its refusal, then left out. */
import type { WrittenError } from '../dialects/dialect.js';

/** Hints. Whatever changes what the answer is (messages, tools, formats, stops) is never left out. */
const DISPENSABLE = new Set([
  'frequency_penalty',
  'logit_bias',
  'metadata',
  'modalities',
  'parallel_tool_calls',
  'prediction',
  'presence_penalty',
  'prompt_cache_key',
  'prompt_cache_retention',
  'reasoning_effort',
  'safety_identifier',
  'seed',
  'service_tier',
  'store',
  'stream_options',
  'temperature',
  'top_p',
  'user',
  'verbosity',
]);

/** The same limit under its old and its new name. */
const TWINS: Readonly<Record<string, string>> = {
  max_tokens: 'max_completion_tokens',
  max_completion_tokens: 'max_tokens',
};

const ABOUT_PARAMETERS =
  /unknown|unsupported|not support|unrecognized|unexpected|extra (?:inputs|fields)|not permitted|not allowed|invalid (?:parameter|argument|field)|does not (?:exist|accept)|instead/i;

/** A way to send a parameter that was refused: under another name, or not at all (null). */
export interface ParameterRepair {
  readonly name: string;
  readonly sendAs: string | null;
}

/** Finds the parameter of the request that a refusal is about, when there is a way around it. */
export function findParameterRepair(error: WrittenError, request: object): ParameterRepair | undefined {
  const { message } = error;
  if (!ABOUT_PARAMETERS.test(message)) return undefined;
  const names = message.slice(0, 2000).match(/[a-z]+(?:_[a-z]+)*/g) ?? [];
  const name = names.find((word) => word in request && (DISPENSABLE.has(word) || word in TWINS));
  if (name === undefined) return undefined;
  const twin = TWINS[name];
  if (twin === undefined) return { name, sendAs: null };
  return twin in request ? undefined : { name, sendAs: twin };
}

export function applyParameterRepairs(request: Record<string, unknown>, repairs: readonly ParameterRepair[]) {
  const repaired = { ...request };
  for (const { name, sendAs } of repairs) {
    if (!(name in repaired)) continue;
    if (sendAs !== null) repaired[sendAs] = repaired[name];
    delete repaired[name];
  }
  return repaired;
}
