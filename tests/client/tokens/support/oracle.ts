/** The tokenizer of Hugging Face (Rust), given our vocabulary and the definition of splitting that DeepSeek publishes. */
import { createHash } from 'node:crypto';
import { Tokenizer } from '@anush008/tokenizers';
import { loadVocabulary } from '#client/tokens/deepseek/vocabulary.js';
import { BYTE_ALPHABET } from '../../../support/gguf/byte-level-bpe.js';

/** The three stages and the byte alphabet, in the words of DeepSeek's tokenizer.json. */
const PRE_TOKENIZER = {
  type: 'Sequence',
  pretokenizers: [
    split('\\p{N}{1,3}'),
    split('[一-龥\u3040-ゟ゠-ヿ]+'),
    split(
      '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+',
    ),
    { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
  ],
};

/** The vocabulary in the form of a tokenizer.json. */
export interface VocabularyText {
  /** In the order of their ids. */
  readonly tokens: readonly string[];
  /** Two tokens with a blank between them, earlier ones first. */
  readonly merges: readonly string[];
}

export async function readVocabulary(): Promise<VocabularyText> {
  const { left, right } = await loadVocabulary();
  const printable = BYTE_ALPHABET.filter((character) => character.charCodeAt(0) < 0x100);
  const others = BYTE_ALPHABET.filter((character) => character.charCodeAt(0) >= 0x100);
  const tokens = ['<｜begin▁of▁sentence｜>', '<｜end▁of▁sentence｜>', '<｜▁pad▁｜>', ...printable, ...others];
  const merges = Array.from(left, (id, index) => {
    const pair = [tokens[id]!, tokens[right[index]!]!];
    tokens.push(pair.join(''));
    return pair.join(' ');
  });
  return { tokens, merges };
}

/** A tokenizer that gives the ids of ordinary text: without markers. */
export async function createOracle(): Promise<(text: string) => Promise<number[]>> {
  const { tokens, merges } = await readVocabulary();
  const tokenizer = Tokenizer.fromString(
    JSON.stringify({
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: PRE_TOKENIZER,
      post_processor: null,
      decoder: null,
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges,
      },
    }),
  );
  return async (text) => (await tokenizer.encode(text)).getIds();
}

/** The SHA-256 of lines, in hexadecimal digits. */
export function digest(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

function split(pattern: string) {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}
