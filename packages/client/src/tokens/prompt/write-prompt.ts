/**
 * Writes a request as the prompt that DeepSeek V3.1 makes of it, with numbers of tokens for its markers. That is
 *
 *     <BOS> system, tools <User> text <Assistant> </think> text <calls> … </calls> <EOS> <output> result </output> …
 *
 * each marker being one token. An empty user message is four tokens, as the API counts it. What is not known of later
 * models (their instructions on tools, levels of thinking) is left to what is learnt from `usage`.
 */
import type { Call, Content, OfferedTool, Request, Turn } from './turns.js';

/** The instructions around a list of tools; measured with the tokenizer. */
const TOOLS_TOKENS = 103;

/** Pieces of a prompt in their order: text, and numbers of tokens that no text makes. Texts beside each other are one. */
export type Prompt = readonly (string | number)[];

export function writePrompt(request: Request): Prompt {
  return request.kind === 'chat' ? writeChat(request) : writeTexts(request);
}

/** Each text has a marker before it; one with a hole has three more. */
function writeTexts({ texts, suffix = '' }: Request & { kind: 'texts' }): Prompt {
  const end = suffix === '' ? [] : [3, suffix];
  return texts.flatMap((text) => [1, ...text, ...end]);
}

function writeChat({ turns, tools, schema }: Request & { kind: 'chat' }): Prompt {
  const prompt: (string | number)[] = [1, ...writeSystem(turns), ...writeTools(tools)];
  if (schema !== undefined) prompt.push('\n\n', writeJson(schema));
  let isUsersTurn = false;
  for (const turn of turns) {
    if (turn.role === 'system') continue;
    // The answer's markers: whose turn it is, and whether it thinks.
    if (turn.role === 'assistant' && isUsersTurn) prompt.push(2);
    prompt.push(...writeTurn(turn, tools.length > 0));
    isUsersTurn = turn.role === 'user';
  }
  return isUsersTurn ? [...prompt, 2] : prompt;
}

function writeSystem(turns: readonly Turn[]): Content {
  const contents = turns.filter(({ role }) => role === 'system').map(({ content }) => content);
  return contents.flatMap((content, index) => (index === 0 ? content : ['\n\n', ...content]));
}

function writeTools(tools: readonly OfferedTool[]): Content {
  if (tools.length === 0) return [];
  const described = tools.map(
    ({ name, description, parameters }) =>
      `\n### ${name}\nDescription: ${description}\n\nParameters: ${writeJson(parameters)}\n`,
  );
  return [TOOLS_TOKENS, ...described];
}

/** Reasoning of earlier answers is a part of the prompt only where there are tools. */
function writeTurn(turn: Turn, hasTools: boolean): Content {
  if (turn.role === 'user') return [1, ...turn.content];
  if (turn.role === 'tool') return [1, ...turn.content, 1];
  const reasoning = hasTools && turn.reasoning ? [1, turn.reasoning] : [];
  return [...reasoning, ...turn.content, ...writeCalls(turn.calls ?? []), ...(turn.isPrefix ? [] : [1])];
}

function writeCalls(calls: readonly Call[]): Content {
  if (calls.length === 0) return [];
  return [1, ...calls.flatMap((call) => [1, call.name, 1, call.arguments, 1]), 1];
}

/** JSON with a blank after each comma and colon, as the templates write it. */
function writeJson(value: unknown): string {
  // Within strings line feeds are escaped, so those that are left are between the members.
  return (JSON.stringify(value, null, 1) ?? '').replace(/,\n */g, ', ').replace(/\n */g, '');
}
