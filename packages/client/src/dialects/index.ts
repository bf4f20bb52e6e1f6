/** Which dialect a path speaks. Those of other vendors are loaded when they are met, for pages that never do. */
import type { Dialect } from './dialect.js';
import { CHAT, COMPLETIONS, EMBEDDINGS } from './openai.js';

const BY_PATH: readonly (readonly [ending: string, load: () => Dialect | Promise<Dialect>])[] = [
  ['/chat/completions', () => CHAT],
  ['/completions', () => COMPLETIONS],
  ['/embeddings', () => EMBEDDINGS],
  ['/messages', async () => (await import('./anthropic.js')).MESSAGES],
  ['/responses', async () => (await import('./responses.js')).RESPONSES],
];

/** The dialect of a path that generates; undefined for all others, such as `/models`. */
export async function loadDialect(path: string): Promise<Dialect | undefined> {
  return BY_PATH.find(([ending]) => path.endsWith(ending))?.[1]();
}
