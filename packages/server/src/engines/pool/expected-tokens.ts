/** How much work a request probably is, before anybody has counted: good enough to spread it and to share it fairly. */
import { type ChatRequest, type EmbeddingRequest, inputsOf, type Message, textsOf } from '@plumb/wire';
import type { TextPrompt } from '../engine.js';

/** Characters of a token, about: English has more, Chinese less. */
const CHARACTERS_PER_TOKEN = 3;
/** Tokens that every message costs beside its text. */
const MESSAGE_TOKENS = 4;
/** Tokens that the description of a tool costs, about. */
const TOOL_TOKENS = 100;
/** The answer of a request that does not say how long it may be, in tokens. */
const ANSWER_TOKENS = 1024;

/** Tokens of prompt and answer together, at least 1; an estimate that reads lengths and no text. */
export function expectTokens(request: ChatRequest, text?: TextPrompt): number {
  const { messages, tools, max_tokens, max_completion_tokens } = request;
  const answer = Math.min(max_tokens ?? Number.POSITIVE_INFINITY, max_completion_tokens ?? Number.POSITIVE_INFINITY);
  const prompt = messages.reduce((sum, message) => sum + messageTokens(message), (tools?.length ?? 0) * TOOL_TOKENS);
  const ofText = text === undefined ? 0 : tokensOf(text.prompt.length + (text.suffix?.length ?? 0));
  return prompt + ofText + (Number.isFinite(answer) ? answer : ANSWER_TOKENS);
}

/** Tokens of the inputs of embeddings together, at least 1. */
export function expectInputTokens({ input }: EmbeddingRequest): number {
  const tokens = inputsOf(input).map((each) => (typeof each === 'string' ? tokensOf(each.length) : each.length));
  return tokens.reduce((sum, count) => sum + count, 0);
}

function tokensOf(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

function messageTokens(message: Message): number {
  let characters = 0;
  if (typeof message.content === 'string') characters = message.content.length;
  else for (const text of textsOf(message.content)) characters += text.length;
  if (message.role === 'assistant') {
    characters += message.reasoning_content?.length ?? 0;
    for (const call of message.tool_calls ?? []) characters += call.function.arguments.length;
  }
  return MESSAGE_TOKENS + tokensOf(characters);
}
