/**
 * The vocabulary of the test models: every byte, some merges learned from the text below, and the special tokens of a
 * chat model. Laid out as in SmolLM2: `<|endoftext|>`, `<|im_start|>`, `<|im_end|>` are the tokens 0, 1 and 2.
 */
import { BYTE_ALPHABET, learnMerges, type Merge } from './byte-level-bpe.js';
import { CALL_MARKERS } from './call-templates.js';
import { AFTER_TOOL_TEMPLATE, AFTER_TOOL_TOKEN, CHAT_TEMPLATES, type ChatStyle } from './chat-templates.js';
import type { MetadataEntry } from './write-gguf.js';

/** The special tokens that a reply can lead to. Others than `thinking` models have only the last one. */
export type SpecialToken = '<think>' | '</think>' | '<tool_call>' | '</tool_call>' | '<|im_end|>';

/** How llama.cpp treats a token (`llama_token_type`). */
export const TokenType = {
  /** Found by merging. The text is in the byte alphabet. */
  normal: 1,
  /** Found in a text only when special tokens are parsed, and not part of it when it is read out. The text is as it is. */
  control: 3,
  /** Found in every text before merging, and part of it. The text is as it is. */
  userDefined: 4,
} as const;

/** A vocabulary; ids are places in `texts` and `types`. */
export interface Vocabulary {
  style: ChatStyle;
  /** Whether every prompt begins with `<|begin|>`, which both the tokenizer and the chat template then add. */
  beginToken: boolean;
  /** Whether it has the tokens of filling in the middle. */
  infill: boolean;
  /** No two are equal: llama.cpp aborts the process otherwise. */
  texts: string[];
  types: number[];
  merges: readonly Merge[];
  /** The id of each text. */
  ids: Map<string, number>;
}

/**
 * Makes the vocabulary of a chat style.
 *
 * @param hasMarkers Whether the markers of calls are tokens, in the styles of `call-templates.ts`.
 */
export function createVocabulary(style: ChatStyle, beginToken: boolean, infill = true, hasMarkers = true): Vocabulary {
  const merges = learnMerges(CORPUS, MERGES);
  const vocabulary: Vocabulary = { style, beginToken, infill, texts: [], types: [], merges, ids: new Map() };
  for (const text of infill ? [...CONTROL_TOKENS, ...INFILL_TOKENS] : CONTROL_TOKENS)
    addToken(vocabulary, text, TokenType.control);
  if (beginToken) addToken(vocabulary, BEGIN_TOKEN, TokenType.control);
  if (hasMarkers) for (const text of markersOf(style)) addToken(vocabulary, text, TokenType.control);
  for (const text of userDefinedTokens(style)) addToken(vocabulary, text, TokenType.userDefined);
  const merged = new Set(merges.map(([left, right]) => left + right));
  for (const text of [...BYTE_ALPHABET, ...merged]) addToken(vocabulary, text, TokenType.normal);
  return vocabulary;
}

/**
 * Adds a token and returns its id. A normal token added after the merges cannot be reached by them, so that no prompt
 * contains it.
 *
 * @throws Error when the text is taken.
 */
export function addToken(vocabulary: Vocabulary, text: string, type: number): number {
  if (vocabulary.ids.has(text)) throw new Error(`The vocabulary has the token ${JSON.stringify(text)} already.`);
  const id = vocabulary.texts.push(text) - 1;
  vocabulary.types.push(type);
  vocabulary.ids.set(text, id);
  return id;
}

/** The `tokenizer.*` metadata of a model with this vocabulary. */
export function tokenizerMetadata(vocabulary: Vocabulary): MetadataEntry[] {
  const { beginToken, infill, texts, types, merges, ids } = vocabulary;
  const id = (text: string) => ids.get(text)!;
  return [
    ['tokenizer.ggml.model', 'string', 'gpt2'],
    ['tokenizer.ggml.pre', 'string', 'smollm'],
    ['tokenizer.ggml.tokens', 'string', texts],
    ['tokenizer.ggml.token_type', 'int32', types],
    ['tokenizer.ggml.merges', 'string', merges.map((merge) => merge.join(' '))],
    ['tokenizer.ggml.bos_token_id', 'uint32', id(beginToken ? BEGIN_TOKEN : '<|im_start|>')],
    ['tokenizer.ggml.eos_token_id', 'uint32', id('<|im_end|>')],
    ['tokenizer.ggml.unknown_token_id', 'uint32', id('<|endoftext|>')],
    ['tokenizer.ggml.padding_token_id', 'uint32', id('<|endoftext|>')],
    ...(infill ? INFILL_KEYS.map((key, index): MetadataEntry => [key, 'uint32', id(INFILL_TOKENS[index]!)]) : []),
    ['tokenizer.ggml.add_bos_token', 'bool', beginToken],
    ['tokenizer.ggml.add_eos_token', 'bool', false],
    ['tokenizer.ggml.add_space_prefix', 'bool', false],
    ['tokenizer.chat_template', 'string', chatTemplate(vocabulary)],
  ];
}

function chatTemplate({ style, beginToken, ids }: Vocabulary): string {
  const afterTool = ids.has(AFTER_TOOL_TOKEN) ? AFTER_TOOL_TEMPLATE : '';
  return (beginToken ? '{{- bos_token }}' : '') + CHAT_TEMPLATES[style] + afterTool;
}

const MERGES = 256;

const BEGIN_TOKEN = '<|begin|>';

const CONTROL_TOKENS = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];

/** What marks the parts of a text with a gap, and the keys that name them. */
const INFILL_TOKENS = ['<fim_prefix>', '<fim_suffix>', '<fim_middle>'];
const INFILL_KEYS = ['fim_pre', 'fim_suf', 'fim_mid'].map((name) => `tokenizer.ggml.${name}_token_id`);

/**
 * A `plain` model has no token for `<think>`, yet must react when an engine opens a think block as text, although the
 * next token depends on the last one alone. Before merging, `<think>` ends as `>` and `<think>\n` as `>\n`, which start
 * the reasoning, while `</think>` ends as `/think>`, which does not: longer special tokens are looked for first.
 */
function userDefinedTokens(style: ChatStyle): readonly string[] {
  return style === 'thinking' ? ['<think>', '</think>', '<tool_call>', '</tool_call>'] : ['/think>', '>\n'];
}

/** The markers of calls that are control tokens. */
export function markersOf(style: ChatStyle): readonly string[] {
  return Object.hasOwn(CALL_MARKERS, style) ? CALL_MARKERS[style as keyof typeof CALL_MARKERS] : [];
}

/** What the merges are learned from. It was written for this file. */
const CORPUS = `
system:hello
user:hello
assistant:hello
user:the tool
assistant:the tool
tool:the system
The user asks a question and the assistant gives an answer. The system says how the assistant should behave, and a tool
tells what the weather is like today. When the user says hello, the assistant says hello as well. A good answer is short
and says what the user wants to know. If the assistant does not know the answer, then it says that it does not know.
We plumb a lake with a line and a piece of lead: the line goes down until the lead is on the ground, and then we know
how deep the water is. The water of the lake is cold and clear in the morning, and it is warm and brown in the evening.
A train goes from one town to the next one and carries people, letters and apples. The people in the train read, sleep,
or look at the fields behind the window. Some of them write a story about a cat that went to the sea to count the fish.
The cat counted one fish, and another one, and then it was hungry and there was one fish less to count in the sea.
Write a function that takes two numbers and returns the sum of the numbers. Write a list of the things that we need for
the garden: a tree, some water, a bit of patience and a friend who knows which of the plants we should not eat.
`;
