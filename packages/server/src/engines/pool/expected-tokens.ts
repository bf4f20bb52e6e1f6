/** How much work a request probably is, before anybody has counted: good enough to spread it and to share it fairly. */
import { type ChatRequest, type Message, textsOf } from '@plumb/wire';

/** Characters of a token, about: English has more, Chinese less. */
const CHARACTERS_PER_TOKEN = 3;
/** Tokens that every message costs beside its text. */
const MESSAGE_TOKENS = 4;
/** Tokens that the description of a tool costs, about. */
const TOOL_TOKENS = 100;
/** The answer of a request that does not say how long it may be, in tokens. */
const ANSWER_TOKENS = 1024;

/** Tokens of prompt and answer together, at least 1; an estimate that reads lengths and no text. */
export function expectTokens({ messages, tools, max_tokens, max_completion_tokens }: ChatRequest): number {
  const answer = Math.min(max_tokens ?? Number.POSITIVE_INFINITY, max_completion_tokens ?? Number.POSITIVE_INFINITY);
  const prompt = messages.reduce((sum, message) => sum + messageTokens(message), (tools?.length ?? 0) * TOOL_TOKENS);
  return prompt + (Number.isFinite(answer) ? answer : ANSWER_TOKENS);
}

function messageTokens(message: Message): number {
  let characters = 0;
  if (typeof message.content === 'string') characters = message.content.length;
  else for (const text of textsOf(message.content)) characters += text.length;
  if (message.role === 'assistant') {
    characters += message.reasoning_content?.length ?? 0;
    for (const call of message.tool_calls ?? []) characters += call.function.arguments.length;
  }
  return MESSAGE_TOKENS + Math.ceil(characters / CHARACTERS_PER_TOKEN);
}
