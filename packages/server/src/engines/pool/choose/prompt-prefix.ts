/** The beginning of a prompt as a number: equal where a prefix cache has most of the prompt to offer. */
import { type MessageContent, textsOf } from '@plumb/wire';
import type { GenerationJob } from '../../engine.js';

/** Characters that count of what comes before the first user message, and of that message. */
const HEAD_CHARACTERS = 16_384;
const OPENING_CHARACTERS = 2048;

/**
 * A hash, in 32 bits, of the scope, the tools, what comes before the first user message and how that message, or a text to
 * continue, opens. It
 * reads at most 18,432 characters of a prompt, however long it is.
 */
export function hashPrefix({
  request,
  text,
  cacheScope,
}: Pick<GenerationJob, 'request' | 'text' | 'cacheScope'>): number {
  let value = hash(FNV_OFFSET, cacheScope);
  if (text !== undefined) return hash(value, text.prompt, OPENING_CHARACTERS);
  for (const tool of request.tools ?? []) value = hash(value, tool.function.name);
  let left = HEAD_CHARACTERS;
  for (const { role, content } of request.messages) {
    if (role === 'user') return hashContent(value, content, OPENING_CHARACTERS);
    value = hashContent(value, content, left);
    left -= textsOf(content).reduce((sum, text) => sum + text.length, 0);
  }
  return value;
}

/** The first `most` characters of a content, whether it is one text or several. */
function hashContent(seed: number, content: MessageContent | null | undefined, most: number): number {
  let value = seed;
  let left = most;
  for (const text of textsOf(content)) {
    if (left <= 0) break;
    value = hash(value, text, left);
    left -= text.length;
  }
  return value;
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
