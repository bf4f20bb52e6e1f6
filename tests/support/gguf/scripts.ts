/** What the scripted model says: the ready-made scripts, and how a text becomes a chain of tokens. */
import { toByteAlphabet } from './byte-level-bpe.js';
import type { SpecialToken } from './vocabulary.js';

/** A text and what comes after it. */
export interface Reply {
  /** At least two bytes, or empty to go on at once. */
  text: string;
  /**
   * `end`: the end of the turn. `repeat`: the text again, for ever. `answer`: the text of `answer`. A special token:
   * that token, and what the script says after it; where the vocabulary has no such token, the end of the turn.
   */
  next: 'end' | 'repeat' | 'answer' | SpecialToken;
  /** Whether special tokens in the text are those tokens. Each leads on to one place only, so none may come twice. */
  markers?: boolean;
  /** About so many UTF-8 bytes in a token, over the borders of characters. Without it tokens are words. */
  tokenBytes?: number;
}

/** The reply to each way in which a prompt can end. */
export interface Script {
  /** After any token that has no reply of its own: after `<|im_start|>assistant\n`, after `</think>`, after free text. */
  answer: Reply;
  /** After `<think>`; in `plain` models after a last `>` or `>\n`, as which they read a think block opened as text. */
  thinking: Reply;
  /** After `<tool_call>`; `plain` models have no such token. */
  toolCall: Reply;
  /** After `<fim_middle>`. */
  infill: Reply;
  /** After the result of a tool; without it `answer`, as after anything else. For the `thinking` style. */
  afterTool?: Reply;
}

const hello: Script = {
  answer: { text: 'Hello! This is the scripted test model speaking.', next: 'end' },
  thinking: { text: 'Let me think about that. Done thinking.', next: '</think>' },
  toolCall: { text: '{"name": "get_weather", "arguments": {"city": "Paris"}}', next: '</tool_call>', tokenBytes: 4 },
  infill: { text: '  return a + b;', next: 'end' },
};

/** The ready-made scripts. */
export const SCRIPTS = {
  /** Short replies to everything. */
  hello,
  /** An answer that never ends. */
  endless: { ...hello, answer: { text: 'Round and round it goes, ', next: 'repeat' } },
  /** Reasoning that never ends. */
  brooding: { ...hello, thinking: { text: 'On the one hand, on the other hand, ', next: 'repeat' } },
  /** An answer whose characters of several bytes are split over tokens. */
  unicode: { ...hello, answer: { text: 'Grüße 👋🏽 from 東京, 👩‍💻 «naïve» ✨!', next: 'end', tokenBytes: 3 } },
  /** An answer that opens and closes its think block itself, as many models do unasked. For the `thinking` style. */
  unasked: {
    ...hello,
    answer: { text: '', next: '<think>' },
    thinking: { text: `${hello.thinking.text}</think>${hello.answer.text}`, next: 'end' },
  },
  /** An answer that calls the tool, after a few words. For the `thinking` style. */
  tool: { ...hello, answer: { text: 'I will look that up. ', next: '<tool_call>' } },
  /** The same, and once the tool has answered, the answer that its caller wanted. For the `thinking` style. */
  toolLoop: {
    ...hello,
    answer: { text: 'I will look that up. ', next: '<tool_call>' },
    afterTool: { text: 'It is sunny in Paris today.', next: 'end' },
  },
} satisfies Record<string, Script>;

/** The name of a ready-made script. */
export type ScriptName = keyof typeof SCRIPTS;

/**
 * Cuts a reply's text into tokens in the byte alphabet, none of which is taken or comes twice: the model knows where it
 * is by the last token alone. A token that would not be new is made longer until it is.
 *
 * @throws Error when that is not possible, as with a text of one byte.
 */
export function cutReply(reply: Reply, isTaken: (token: string) => boolean): string[] {
  const pieces: string[] = [];
  const isNew = (piece: string) => !isTaken(piece) && !pieces.includes(piece);
  let rest = toByteAlphabet(reply.text);
  while (rest !== '') {
    let length = Math.min(reply.tokenBytes ?? wordLength(rest), rest.length);
    while (length < rest.length && !isNew(rest.slice(0, length))) length++;
    let piece = rest.slice(0, length);
    // Only the end of the text can still be no new token; it then belongs to the one before.
    while (!isNew(piece) && pieces.length > 0) piece = pieces.pop() + piece;
    if (!isNew(piece)) throw new Error(`Cannot cut ${JSON.stringify(reply.text)} into tokens that are all new.`);
    pieces.push(piece);
    rest = rest.slice(length);
  }
  return pieces;
}

/** The length of the spaces at the start and the word after them. */
function wordLength(text: string): number {
  return /^Ġ*[^Ġ]*/.exec(text)![0].length;
}
