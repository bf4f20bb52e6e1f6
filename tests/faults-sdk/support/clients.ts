/** The clients in JavaScript: what each of them sees of a fault. */
import { createKit } from '@plumb/client';
import OpenAI from 'openai';
import { KitError } from '#client/errors/kit-error.js';
import { bodyOf, type FaultCase } from './cases.js';
import type { Seen } from './seen.js';

export interface Access {
  /** With `/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string;
}

/** The content and the calls of an answer so far. */
interface Gathered {
  content: string;
  arguments: string;
  finish: string | null;
}

/** Asks with the OpenAI SDK; `maxRetries` is its own default when it is left out. */
export function askOpenAi({ baseUrl, apiKey }: Access, fault: FaultCase, maxRetries?: number): Promise<Seen> {
  const client = new OpenAI({
    baseURL: baseUrl,
    apiKey,
    timeout: fault.timeoutMs,
    logLevel: 'off',
    defaultHeaders: { 'x-plumb-fault': fault.header },
    ...(maxRetries !== undefined && { maxRetries }),
  });
  return observe(async (gathered) => {
    if (fault.stream) {
      const stream = await client.chat.completions.create({ ...bodyOf(fault), stream: true });
      for await (const chunk of stream) add(gathered, chunk.choices[0]?.delta, chunk.choices[0]?.finish_reason);
      return;
    }
    const answer = await client.chat.completions.create(bodyOf(fault));
    // A body that is no answer is handed on as it is.
    const choice = answer?.choices?.[0];
    add(gathered, choice?.message, choice?.finish_reason);
  });
}

interface Part {
  readonly content?: string | null;
  readonly tool_calls?: readonly { readonly function?: { readonly arguments?: string } }[];
}

function add(gathered: Gathered, part: object | undefined, finish: string | null | undefined): void {
  const { content, tool_calls = [] } = (part ?? {}) as Part;
  gathered.content += content ?? '';
  for (const call of tool_calls) gathered.arguments += call.function?.arguments ?? '';
  gathered.finish = finish ?? gathered.finish;
}

/** Of the kit, so that a test does not take minutes; its patience with a stream is that of the case. */
const KIT_DEADLINE_MS = 8000;

/** Asks with a kit of its own; `once` lets the first attempt alone have the fault. */
export function askKit({ baseUrl, apiKey }: Access, fault: FaultCase, once: boolean): Promise<Seen> {
  let attempts = 0;
  const kit = createKit({
    baseURL: baseUrl,
    apiKey,
    retry: { maxAttempts: 3, baseMs: 10, deadlineMs: KIT_DEADLINE_MS },
    timeouts: { firstTokenMs: fault.timeoutMs, stallMs: fault.timeoutMs },
    fetch(input, init) {
      const headers = new Headers(init?.headers);
      attempts += 1;
      if (!once || attempts === 1) headers.set('x-plumb-fault', fault.header);
      return fetch(input, { ...init, headers });
    },
  });
  return observe(async (gathered) => {
    if (fault.stream) {
      for await (const event of await kit.stream(bodyOf(fault))) {
        if (event.type === 'content') gathered.content += event.text;
        if (event.type === 'tool_call_arguments') gathered.arguments += event.text;
        if (event.type === 'finish') gathered.finish = event.reason;
      }
      return;
    }
    const { content, toolCalls, finishReason = null } = await kit.chat(bodyOf(fault));
    gathered.content = content;
    gathered.arguments = toolCalls.map((call) => call.function.arguments).join('');
    gathered.finish = finishReason;
  });
}

async function observe(ask: (gathered: Gathered) => Promise<void>): Promise<Seen> {
  const gathered: Gathered = { content: '', arguments: '', finish: null };
  const startedAt = performance.now();
  let error: string | null = null;
  try {
    await ask(gathered);
  } catch (thrown) {
    error = nameOf(thrown);
  }
  return { ...gathered, error, tookMs: performance.now() - startedAt };
}

function nameOf(thrown: unknown): string {
  if (KitError.is(thrown)) return thrown.code;
  return thrown instanceof Error ? thrown.constructor.name : String(thrown);
}
