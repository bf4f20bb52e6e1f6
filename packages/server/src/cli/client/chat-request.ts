/** What `plumb chat` sends. */
import type { ChatRequest, Message } from '@plumb/wire';
import type { Generation, Session } from './session.js';

/** How an answer is asked for; what is not given is left to the endpoint. */
export interface AnswerOptions {
  readonly temperature?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly thinking?: boolean | undefined;
  /** Whether the answer comes piece by piece. */
  readonly stream: boolean;
  /** Whether a stream has to tell what was used. */
  readonly showUsage?: boolean | undefined;
}

/** A chat with some messages. */
export function chatRequest(
  { endpoint, model }: Session,
  messages: readonly Message[],
  options: AnswerOptions,
): Generation {
  const { temperature, maxTokens, thinking } = options;
  const body: ChatRequest = {
    model,
    messages: [...messages],
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(thinking === undefined ? {} : { thinking: { type: thinking ? 'enabled' : 'disabled' } }),
    ...streamFields(options),
  };
  return { url: `${endpoint.baseUrl}/chat/completions`, body, prompts: messages.map(({ content }) => String(content)) };
}

/** The message with the instructions, when there are some. */
export function systemMessage(text: string | undefined): Message[] {
  return text === undefined || text === '' ? [] : [{ role: 'system', content: text }];
}

/** The usage of a stream is asked for only where it is shown: not every endpoint knows the field. */
export function streamFields({ stream, showUsage }: AnswerOptions) {
  if (!stream) return { stream };
  return { stream, ...(showUsage ? { stream_options: { include_usage: true } } : {}) };
}
