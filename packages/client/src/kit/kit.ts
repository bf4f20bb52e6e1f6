/** Builds a kit: one `fetch` with all the patterns in it, the options of the SDKs that send through it, and what stands above it. */
import type { IncidentReport } from '../breaker/incident.js';
import { createKitFetch } from '../fetch/kit-fetch.js';
import { Lanes } from '../fetch/lane.js';
import { PastVerdicts } from '../fetch/past-verdicts.js';
import type { LimiterSnapshot } from '../limiter/limiter.js';
import { ReasoningMemory } from '../repairs/reasoning-memory.js';
import {
  type AiSdkOptions,
  type AnthropicOptions,
  aiSdkOptions,
  anthropicOptions,
  type LangchainOptions,
  langchainOptions,
  type OpenAiOptions,
  openAiOptions,
} from '../sdk/sdk-options.js';
import type { Endpoint, Fetch } from './endpoint.js';
import { keepMeters } from './meters.js';
import { type KitOptions, readOptions } from './options.js';

/** What is going on at the moment. */
export interface KitReport {
  readonly limiters: readonly LimiterSnapshot[];
  /** Failures that go on, one report for each model of each endpoint. */
  readonly incidents: readonly IncidentReport[];
}

export interface Kit extends Endpoint {
  /** Hand it to any SDK: `fetch` with limits, retries, breaker and repairs. */
  readonly fetch: Fetch;
  openai(): OpenAiOptions;
  aiSdk(): AiSdkOptions;
  langchain(): LangchainOptions;
  anthropic(): AnthropicOptions;
  report(): KitReport;
}

/** @throws KitError invalid_input with the name of the option that cannot be. */
export function createKit(options: KitOptions = {}): Kit {
  const settings = readOptions(options);
  const memory = new ReasoningMemory();
  const lanes = new Lanes(settings, memory);
  const loadMeters = keepMeters(settings, options.tokenCounter);
  const { clock, baseUrl } = settings;
  const fetch = createKitFetch({ settings, lanes, memory, loadMeters, verdicts: new PastVerdicts(clock) });
  const source = () => ({ baseUrl, apiKey: settings.apiKey(), fetch });
  return {
    baseUrl,
    fetch,
    headers: () => bearer(settings.apiKey()),
    openai: () => openAiOptions(source()),
    aiSdk: () => aiSdkOptions(source()),
    langchain: () => langchainOptions(source()),
    anthropic: () => anthropicOptions(source()),
    report: () => ({
      limiters: lanes.limiters().map((limiter) => limiter.snapshot()),
      incidents: [...lanes.all()].map((lane) => lane.incident()).filter((report) => report !== undefined),
    }),
  };
}

function bearer(apiKey: string | undefined): Record<string, string> {
  return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
}
