/** A job as the upstream engine wants to be asked: by the engine's name of the model, and for a stream with its usage. */
import { type ChatRequest, type Message, spanOfField } from '@plumb/wire';
import type { GenerationJob, TextPrompt } from '../engine.js';
import type { UpstreamKind } from './kinds/index.js';

/** What is passed on as the client sent it. The rest is written by the kind, or is no business of the engine. */
const PASSED_FIELDS: ReadonlySet<keyof ChatRequest> = new Set([
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
]);

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
export function writeRequest(job: GenerationJob, asked: Asked): string | Buffer {
  const written = findMessages(job, asked.kind);
  if (written !== undefined) return spliceMessages(JSON.stringify(describeRequest(job, asked, undefined)), written);
  return JSON.stringify(describeRequest(job, asked, convertMessages(job.request.messages, asked.kind)));
}

/** All of it, or everything but the messages, for which undefined stands. */
function describeRequest(
  { request, thinking }: GenerationJob,
  { kind, model, scope, isWhole }: Asked,
  messages: readonly object[] | undefined,
): object {
  const described: Record<string, unknown> = isWhole
    ? { messages, model, stream: false }
    : { messages, model, stream: true, stream_options: WITH_USAGE };
  passFields(request, described);
  Object.assign(described, kind.writeThinking(thinking, request), kind.writeCacheScope(scope));
  return hasPrefix(request) ? Object.assign(described, kind.writePrefix()) : described;
}

/** Bytes of a body from which on its messages are not written again, and of each message, so that they are found soon. */
const SPLICED_BYTES_MIN = 8 * 1024;
const SPLICED_BYTES_PER_MESSAGE_MIN = 128;

/** The messages as the client wrote them, where that is what the engine gets and cheaper than to write them again. */
function findMessages({ body, request }: GenerationJob, kind: UpstreamKind): Uint8Array | undefined {
  const { messages } = request;
  if (body === undefined || body.length < SPLICED_BYTES_MIN) return undefined;
  if (body.length < messages.length * SPLICED_BYTES_PER_MESSAGE_MIN) return undefined;
  const isSame = kind.knowsContract || messages.every((message) => convertMessage(message, kind) === message);
  return isSame ? spanOfField(body, 'messages') : undefined;
}

function spliceMessages(rest: string, messages: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('{"messages":'), messages, Buffer.from(`,${rest.slice(1)}`)]);
}

function convertMessages(messages: readonly Message[], kind: UpstreamKind): readonly object[] {
  return kind.knowsContract ? messages : messages.map((message) => convertMessage(message, kind));
}

/** The body of a request to continue a text. */
export function writeTextRequest(
  job: GenerationJob & { text: TextPrompt },
  { kind, model, scope, isWhole }: Asked,
): string {
  const { request, text } = job;
  const passed: Partial<ChatRequest> & Record<string, unknown> = {};
  passFields(request, passed);
  const { top_logprobs, logprobs, ...rest } = passed;
  return JSON.stringify({
    model,
    prompt: text.prompt,
    ...(text.suffix === undefined ? {} : { suffix: text.suffix }),
    ...rest,
    ...(logprobs === true ? { logprobs: top_logprobs ?? 0 } : {}),
    ...kind.writeCacheScope(scope),
    ...(isWhole ? { stream: false } : { stream: true, stream_options: WITH_USAGE }),
  });
}

const WITH_USAGE = { include_usage: true };

/** Adds what is passed on. Fields that are null are left out: they mean the same, and not every server takes them. */
function passFields(request: ChatRequest, described: Record<string, unknown>): void {
  for (const field of Object.keys(request) as (keyof ChatRequest)[]) {
    const value = request[field];
    if (value !== undefined && value !== null && PASSED_FIELDS.has(field)) described[field] = value;
  }
}

function hasPrefix({ messages }: ChatRequest): boolean {
  const last = messages.at(-1);
  return last?.role === 'assistant' && last.prefix === true;
}

/** The message without what only DeepSeek's API knows. */
function convertMessage(message: Message, kind: UpstreamKind): object {
  if (message.role === 'latest_reminder') return { role: 'system', content: message.content };
  if (message.role !== 'assistant') return message;
  const { prefix, reasoning_content: reasoning, tool_calls: calls, ...rest } = message;
  if (prefix === undefined && reasoning === undefined && calls === undefined) return message;
  return {
    ...rest,
    ...(reasoning && kind.takesReasoning ? { reasoning_content: reasoning } : {}),
    ...(calls ? { tool_calls: calls } : {}),
  };
}
