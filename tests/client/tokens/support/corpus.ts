/** More than 400 pieces of text that a tokenizer can get wrong, the same ones every time. */
import { CHINESE, DATA, ENGLISH, LANGUAGES, NUMBERS, PROGRAMS } from './prose.js';

// biome-ignore format: a list of short texts.
const WHITE_SPACE: readonly string[] = [
  '', ' ', '  ', '   ', '\n', '\n\n', '\r\n', '\r\n\r\n', '\r', '\t', '\t\t', ' \n', '\n ', '  \n  ', ' \t \n\t ', '\n\n\n   x',
  '   x', '\tx', '\u00a0x', '\u00a0\u00a0x', '\u3000\u3000中', '中 \n', '  中', '  1', '\n1', '   .', ' .', ' \n.', '.\n\n', '. \n',
  '\u0085', 'a\u0085b', '\u2028', 'a\u2028\u2029b', '\u000b\u000c', '\ufeff', '\ufeffabc', 'a\ufeff b', '\u180e', '\u200b a', '\u202f1',
  '  \r\n  \r\n', ' '.repeat(7), ' '.repeat(100), `${' '.repeat(100)}x`, '\n'.repeat(50), '\t'.repeat(33), `x${' '.repeat(64)}`,
];

// biome-ignore format: a list of short texts.
const MARKS: readonly string[] = [
  'é', 'e\u0301', '\u0301', '\u0301\u0301', ' \u0301', '.\u0301', '1\u0301', '中\u0301', '\u0301a', '\u0301 a', 'a\u0301\u0302\u0303b',
  `Z${'\u0351'.repeat(40)}algo`, '\u20e3', '1\ufe0f\u20e3', '\u093f', 'が', 'か\u3099', '\u3099', '\u3099か', '゛か゜', 'ーア', '・ア・', '゠', '\u3040',
  '\u3097あ', 'あ\u3097', '中\u3040文', '々', '〇', '〆', '㍿', '龥', '龦', '䶵', '鿿', '〱',
];

// biome-ignore format: a list of short texts.
const EMOJI: readonly string[] = [
  '😀', '😀😀😀', '👍🏽', '👩‍👩‍👧‍👦', '🏳️‍🌈', '🇩🇪🇫🇷', '❤️', '☺', '🤷‍♂️ ok', 'a😀b', '1😀2', '中😀文', '😀\n\n', ' 😀', '\u200d', 'a\u200db', '\u200d\u200d',
  '🫨🫩', '👨‍💻 writes `code`', '🧑🏿‍🚀🚀🌕', '😀'.repeat(50), '👩‍👩‍👧‍👦'.repeat(20),
];

// biome-ignore format: a list of short texts.
const CONTROLS: readonly string[] = [
  '\0', '\0\0\0', 'a\0b', '\0a', 'a\0', '\0 ', ' \0', '\0\n', '\0.', '\x01\x02\x1b[31mred\x1b[0m', '\x7f', '\x80\x9f', '\u00ad', 'co\u00adop', '\ue000',
  '\u{f0000}', '\u{10ffff}', '\ufffd', '\uffff', '\ufffe', '\u0378', 'a\u0378b', '\u061c', '\u2066x\u2069', '\u{e0041}', '\0'.repeat(300), 'x\0\0y\0z',
];

// biome-ignore format: a list of short texts.
const SURROGATES: readonly string[] = [
  '\ud800', '\udc00', '\ud800\ud800', '\udc00\ud800', 'a\ud800', '\ud800a', ' \ud800 ', '中\udfff文', '\ud83d', '\ud83d\ud83d\ude00', '\ude00\ud83d',
  '1\ud8002', '\ud800\n', '\ud800'.repeat(40), 'x\udbff',
];

// biome-ignore format: a list of short texts.
const BORDERS: readonly string[] = [
  '1中', '中1', '12345中文67', 'a中', '中a', '中。', '。中', '中 a', 'ア1', '1ア', 'アa', 'aア', '한中', '中한', 'é中', '中.', '.中', '(中)', ' 中', '中 1', '中\n文',
  "'s", "it's", "'ſ", '.foo', '..foo', '._foo', ' .foo', '!a', '!é', '!1', '-a-b', '_a_b_', '__init__', '$a', '€a', '«a»', '“a”', '…a', 'a…', '—', 'a—b', '™a',
  '<｜User｜>', '<｜Assistant｜></think>', '<|EOT|>', '<｜begin▁of▁sentence｜>', '<｜place▁holder▁no▁0｜>', '<think>', '▁', 'Ġ', 'Ċ',
];

const RUNS = ['a', 'ab', '=', '-=', '.', '中', '的', 'ア', '1', 'é', '\u0301', '\t', 'A', 'xyz', '𠮷', 'ก', '/', '\\n'];

/** Characters that are mixed at random. */
const POOL = [
  ...'aZ  \n\r\t.,!_-"\'(139é\u0301漢字かカー・゛\u3040\0\u200d\u200b\ufeff\u0085\u00a0\u2028한ไहि😀🏽𝟎Ⅷ½ßжبΩ\ud800'.split(
    /(?:)/u,
  ),
];
const MIXED_PIECES = 120;
const RANDOM_PIECES = 80;

export const CORPUS: readonly string[] = [
  ...LANGUAGES,
  ...CHINESE.split('\n\n'),
  ...ENGLISH.split('\n\n'),
  CHINESE,
  ENGLISH,
  ...PROGRAMS,
  ...DATA,
  ...NUMBERS,
  ...WHITE_SPACE,
  ...MARKS,
  ...EMOJI,
  ...CONTROLS,
  ...SURROGATES,
  ...BORDERS,
  ...RUNS.flatMap((run) => [7, 130, 1000].map((times) => run.repeat(times))),
  ...createRandomPieces(),
];

function createRandomPieces(): string[] {
  const random = createRandom(20_261_125);
  const pick = (length: number) => Math.floor(random() * length);
  const mixed = Array.from({ length: MIXED_PIECES }, () =>
    Array.from({ length: 1 + pick(60) }, () =>
      POOL[pick(POOL.length)]!.repeat(random() < 0.1 ? 1 + pick(150) : 1),
    ).join(''),
  );
  const units = Array.from({ length: RANDOM_PIECES }, () =>
    String.fromCharCode(...Array.from({ length: 1 + pick(80) }, () => pick(0x10000))),
  );
  return [...mixed, ...units];
}

/** Numbers from 0 to 1, the same ones for the same seed (the generator "mulberry32"). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
