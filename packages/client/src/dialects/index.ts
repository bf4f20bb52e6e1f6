/** Which dialect a path speaks. */
import { MESSAGES } from './anthropic.js';
import type { Dialect } from './dialect.js';
import { CHAT, COMPLETIONS, EMBEDDINGS } from './openai.js';
import { RESPONSES } from './responses.js';

const BY_PATH: readonly (readonly [ending: string, dialect: Dialect])[] = [
  ['/chat/completions', CHAT],
  ['/completions', COMPLETIONS],
  ['/embeddings', EMBEDDINGS],
  ['/messages', MESSAGES],
  ['/responses', RESPONSES],
];

/** The dialect of a path that generates; undefined for all others, such as `/models`. */
export function dialectOf(path: string): Dialect | undefined {
  return BY_PATH.find(([ending]) => path.endsWith(ending))?.[1];
}
