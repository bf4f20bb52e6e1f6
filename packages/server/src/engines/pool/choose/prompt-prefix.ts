/** The beginning of a prompt as numbers: equal where a prefix cache has the same to offer. */
import { type Message, textsOf } from '@plumb/wire';
import type { GenerationJob } from '../../engine.js';

/** Characters that count of what comes before the first user message, and of that message. */
const HEAD_CHARACTERS = 16_384;
const OPENING_CHARACTERS = 2048;

/** Hashes of a prompt at two lengths, 32 bits each. */
export interface PromptPrefix {
  /** Its scope, tools and system messages: what many conversations share. */
  readonly head: number;
  /** All of that and the opening of the first user message: what no other conversation has, and all of its turns do. */
  readonly conversation: number;
}

/** Reads at most the first 18,432 characters of a prompt, however long it is. */
export function hashPrefix({ request, cacheScope }: Pick<GenerationJob, 'request' | 'cacheScope'>): PromptPrefix {
  let head = hash(FNV_OFFSET, cacheScope);
  for (const tool of request.tools ?? []) head = hash(head, tool.function.name);
  let left = HEAD_CHARACTERS;
  let opening: Message | undefined;
  for (const message of request.messages) {
    if (message.role === 'user') {
      opening = message;
      break;
    }
    if (left <= 0) continue;
    for (const text of textsOf(message.content)) {
      head = hash(head, text, left);
      left -= text.length;
    }
  }
  let conversation = head;
  left = OPENING_CHARACTERS;
  for (const text of textsOf(opening?.content)) {
    if (left <= 0) break;
    conversation = hash(conversation, text, left);
    left -= text.length;
  }
  return { head, conversation };
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** No text has it between two characters: ends a text, so that `ab` and `c` differ from `a` and `bc`. */
const END_OF_TEXT = 0xffff;

/** FNV-1a over UTF-16 code units, of which the first `most` count. */
export function hash(seed: number, text: string, most = Number.POSITIVE_INFINITY): number {
  let value = seed;
  const length = Math.min(text.length, most);
  for (let index = 0; index < length; index++) value = Math.imul(value ^ text.charCodeAt(index), FNV_PRIME);
  return Math.imul(value ^ END_OF_TEXT, FNV_PRIME) >>> 0;
}
