/** What each SDK is given so that it sends through a kit: one line in existing code. */
import type { Fetch } from '../kit/endpoint.js';

/** SDKs count the time in our queue as time of the request, so theirs is set out of the way, in ms: a day. */
const TIMEOUT_MS = 86_400_000;

/** What the options are made from. */
export interface SdkSource {
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly fetch: Fetch;
}

/** For `new OpenAI({...kit.openai()})`. */
export interface OpenAiOptions {
  readonly baseURL: string;
  /** Absent when the kit has none: the SDK then takes its own. */
  readonly apiKey?: string;
  readonly fetch: Fetch;
  readonly timeout: number;
  readonly maxRetries: 0;
}

/** For `createDeepSeek(kit.aiSdk())` and the other providers; say `maxRetries: 0` where text is generated. */
export interface AiSdkOptions {
  readonly baseURL: string;
  readonly apiKey?: string;
  readonly fetch: Fetch;
}

/** For `new ChatOpenAI({model, ...kit.langchain()})` and `new ChatDeepSeek(…)`. */
export interface LangchainOptions {
  readonly apiKey?: string;
  readonly configuration: { readonly baseURL: string; readonly fetch: Fetch };
  readonly maxRetries: 0;
  readonly timeout: number;
}

/** For `new Anthropic({...kit.anthropic()})`: the messages format, under `/anthropic` at the same host. */
export interface AnthropicOptions extends Omit<OpenAiOptions, 'apiKey'> {
  readonly apiKey?: string;
}

export function openAiOptions(source: SdkSource): OpenAiOptions {
  return { ...aiSdkOptions(source), timeout: TIMEOUT_MS, maxRetries: 0 };
}

export function aiSdkOptions({ baseUrl, fetch, apiKey }: SdkSource): AiSdkOptions {
  return { baseURL: baseUrl, fetch, ...keyOf(apiKey) };
}

export function langchainOptions({ baseUrl, fetch, apiKey }: SdkSource): LangchainOptions {
  return { ...keyOf(apiKey), configuration: { baseURL: baseUrl, fetch }, maxRetries: 0, timeout: TIMEOUT_MS };
}

export function anthropicOptions(source: SdkSource): AnthropicOptions {
  const isMessages = /\/anthropic$/.test(source.baseUrl) || /\banthropic\.com$/.test(source.baseUrl);
  const host = source.baseUrl.replace(/\/(?:v1|beta)$/, '');
  return { ...openAiOptions(source), baseURL: isMessages ? source.baseUrl : `${host}/anthropic` };
}

function keyOf(apiKey: string | undefined): { apiKey?: string } {
  return apiKey === undefined ? {} : { apiKey };
}
