/** What an engine counted, in whichever fields it says so. */
import type { Usage } from '@plumb/wire';
import { asCount, isRecord } from './json.js';

/** What the usage of an engine says; undefined is what it does not say. */
export interface UpstreamUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cachedTokens: number | undefined;
  readonly reasoningTokens: number | undefined;
}

/** Reads `usage` of a chunk or an answer. Undefined when it has not both counts. */
export function readUsage(usage: unknown): UpstreamUsage | undefined {
  if (!isRecord(usage)) return undefined;
  const promptTokens = asCount(usage.prompt_tokens);
  const completionTokens = asCount(usage.completion_tokens);
  if (promptTokens === undefined || completionTokens === undefined) return undefined;
  const cached = asCount(usage.prompt_cache_hit_tokens) ?? detail(usage.prompt_tokens_details, 'cached_tokens');
  const reasoning = detail(usage.completion_tokens_details, 'reasoning_tokens') ?? asCount(usage.reasoning_tokens);
  return { promptTokens, completionTokens, cachedTokens: cached, reasoningTokens: reasoning };
}

/** The usage of our contract: hits are part of the prompt, reasoning is part of the completion and told only with thinking. */
export function writeUsage(used: UpstreamUsage, thinking: boolean): Usage {
  const { promptTokens, completionTokens } = used;
  const cached = Math.min(promptTokens, used.cachedTokens ?? 0);
  const reasoning = Math.min(completionTokens, used.reasoningTokens ?? 0);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cached },
    ...(thinking ? { completion_tokens_details: { reasoning_tokens: reasoning } } : {}),
    prompt_cache_hit_tokens: cached,
    prompt_cache_miss_tokens: promptTokens - cached,
  };
}

function detail(details: unknown, field: string): number | undefined {
  return isRecord(details) ? asCount(details[field]) : undefined;
}
