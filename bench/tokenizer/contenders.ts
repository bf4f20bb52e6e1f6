/** The tokenizers that are compared, each behind the same two verbs. */
import { readFile } from 'node:fs/promises';
import { loadDeepSeekTokenizer } from '@plumb/client/tokenizer';

export interface Contender {
  /** How many tokens a text has, with their ids made or without, whichever the name says. */
  count(text: string): number | Promise<number>;
}

export type ContenderName = 'Plumb, count' | 'Plumb, encode' | 'Hugging Face (Rust)';

/** The contenders that take part: the one of Hugging Face needs the original tokenizer.json. */
export function contenderNames(tokenizerJson: string | undefined): ContenderName[] {
  const own: ContenderName[] = ['Plumb, count', 'Plumb, encode'];
  return tokenizerJson === undefined ? own : [...own, 'Hugging Face (Rust)'];
}

export async function loadContender(name: ContenderName, tokenizerJson: string | undefined): Promise<Contender> {
  if (name === 'Hugging Face (Rust)') return loadHuggingFace(tokenizerJson ?? '');
  const tokenizer = await loadDeepSeekTokenizer();
  return { count: name === 'Plumb, count' ? (text) => tokenizer.count(text) : (text) => tokenizer.encode(text).length };
}

async function loadHuggingFace(path: string): Promise<Contender> {
  const { Tokenizer } = await import('@anush008/tokenizers');
  const tokenizer = Tokenizer.fromString(await readFile(path, 'utf8'));
  return { count: async (text) => (await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds().length };
}
