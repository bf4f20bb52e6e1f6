/** A job as the upstream engine wants to be asked: by the engine's name of the model, and for a stream with its usage. */
import type { ChatRequest, Message } from '@plumb/wire';
import type { GenerationJob, TextPrompt } from '../engine.js';
import type { UpstreamKind } from './kinds/index.js';

/** What is passed on as the client sent it. The rest is written by the kind, or is no business of the engine. */
const PASSED_FIELDS = [
  'max_tokens',
  'temperature',
  'top_p',
  'stop',
  'tools',
  'tool_choice',
  'response_format',
  'logprobs',
  'top_logprobs',
  'frequency_penalty',
  'presence_penalty',
  'seed',
] as const satisfies readonly (keyof ChatRequest)[];

/** How an engine is asked. */
export interface Asked {
  readonly kind: UpstreamKind;
  /** The engine's name of the model. */
  readonly model: string;
  /** What stands for the job's cache scope. */
  readonly scope: () => string;
  /** Whether the answer is wanted as a whole. */
  readonly isWhole: boolean;
}

/** The body of the request. */
export function writeRequest(job: GenerationJob, { kind, model, scope, isWhole }: Asked): string {
  const { request, thinking } = job;
  return JSON.stringify({
    model,
    messages: kind.knowsContract ? request.messages : request.messages.map((message) => convertMessage(message, kind)),
    ...pickPassed(request),
    ...kind.writeThinking(thinking, request),
    ...kind.writeCacheScope(scope),
    ...(hasPrefix(request) ? kind.writePrefix() : {}),
    ...(isWhole ? WHOLE : STREAM),
  });
}

/** The body of a request to continue a text. */
export function writeTextRequest(
  job: GenerationJob & { text: TextPrompt },
  { kind, model, scope, isWhole }: Asked,
): string {
  const { request, text } = job;
  const { top_logprobs, logprobs, ...passed } = pickPassed(request);
  return JSON.stringify({
    model,
    prompt: text.prompt,
    ...(text.suffix === undefined ? {} : { suffix: text.suffix }),
    ...passed,
    ...(logprobs === true ? { logprobs: top_logprobs ?? 0 } : {}),
    ...kind.writeCacheScope(scope),
    ...(isWhole ? WHOLE : STREAM),
  });
}

const WHOLE = { stream: false };
const STREAM = { stream: true, stream_options: { include_usage: true } };

/** Fields that are null are left out: they mean the same, and not every server takes them. */
function pickPassed(request: ChatRequest): Partial<ChatRequest> {
  const passed: Record<string, unknown> = {};
  for (const field of PASSED_FIELDS) {
    const value = request[field];
    if (value !== undefined && value !== null) passed[field] = value;
  }
  return passed;
}

function hasPrefix({ messages }: ChatRequest): boolean {
  const last = messages.at(-1);
  return last?.role === 'assistant' && last.prefix === true;
}

/** The message without what only DeepSeek's API knows. */
function convertMessage(message: Message, kind: UpstreamKind): object {
  if (message.role === 'latest_reminder') return { role: 'system', content: message.content };
  if (message.role !== 'assistant') return message;
  const { prefix: _, reasoning_content: reasoning, tool_calls: calls, ...rest } = message;
  return {
    ...rest,
    ...(reasoning && kind.takesReasoning ? { reasoning_content: reasoning } : {}),
    ...(calls ? { tool_calls: calls } : {}),
  };
}
