/**
 * An estimate of a text's tokens without a vocabulary: the text is cut into runs of one kind of character, and each costs
 * what such a run costs on average in the vocabulary of DeepSeek V3. Fitted on prose and manuals in nine languages, programs
 * in six and three kinds of JSON; docs/benchmarks/tokenizer.md says how far it is off.
 */

/** The kinds of characters that are told apart. From `HAN` on each character has a cost of its own. */
const LOWER = 0;
const UPPER = 1;
const DIGIT = 2;
const BLANK = 3;
const NEWLINE = 4;
const PUNCTUATION = 5;
const HAN = 6;
const KANA = 7;
const HANGUL = 8;
const CYRILLIC = 9;
const ARABIC = 10;
const INDIC = 11;
const MARK = 12;
const WIDE_PUNCTUATION = 13;
const SYMBOL = 14;
const SURROGATE = 15;
const CONTROL = 16;
const OTHER = 17;

/** Tokens of a character, and of a run of them besides. */
const CHARACTER_COST = [0, 0, 0, 0, 0, 0, 0.53, 0.58, 0.82, 0.19, 0.41, 0.62, 1, 1.05, 1.4, 1.2, 1, 2];
const RUN_COST = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0.59, 0.09, 0, 0, 0, 0, 0, 0, 0];
/** Where each kind of UTF-16 unit begins, beyond ASCII. What is not named costs as much as what stands for it: Greek as Han. */
const RANGES: readonly (readonly [start: number, kind: number])[] = [
  [0x80, CONTROL],
  [0xa0, SYMBOL],
  [0xc0, LOWER],
  [0x300, MARK],
  [0x370, HAN],
  [0x400, CYRILLIC],
  [0x590, ARABIC],
  [0x900, INDIC],
  [0xe00, ARABIC],
  [0xe80, INDIC],
  [0x1100, OTHER],
  [0x1e00, LOWER],
  [0x1f00, OTHER],
  [0x2000, SYMBOL],
  [0x2e80, WIDE_PUNCTUATION],
  [0x3040, KANA],
  [0x3100, OTHER],
  [0x3400, HAN],
  [0xa000, OTHER],
  [0xac00, HANGUL],
  [0xd7b0, SURROGATE],
  [0xe000, CONTROL],
  [0xf900, HAN],
  [0xfb00, ARABIC],
  [0xfe00, MARK],
  [0xfe10, WIDE_PUNCTUATION],
];

/** Tokens of a word of 0, 1, 2 … lower-case letters, and of each letter beyond those. */
const WORD_COST = [0, 1, 1, 1.23, 1.03, 1, 1.03, 1, 1.33, 1.55, 1.7, 1.95, 2.1];
const LETTER_COST = 0.5;
/** A letter beyond ASCII makes its word rarer. */
const ACCENT_COST = 0.75;
const CAPITALS_COST = 0.65;
const CAPITAL_COST = 0.25;
const DIGITS_COST = 0.95;
const DIGITS_MAX = 3;
/** Blanks before a word are a part of it; what remains of more than one is a token. */
const BLANKS_COST = 1;
const NEWLINE_COST = 1.2;
/** Line ends after punctuation are mostly a part of it. */
const NEWLINE_AFTER_PUNCTUATION_COST = 0.3;
const PUNCTUATION_COST = 0.96;
const NEXT_PUNCTUATION_COST = 0.44;
const REPEATED_PUNCTUATION_COST = 0.17;
/** A punctuation character before a word is often a part of it. */
const PUNCTUATION_BEFORE_WORD_COST = -0.38;

/** Beyond this many UTF-16 units a text is sampled, so that its length does not matter. */
const WHOLE_MAX = 2 ** 18;
const SAMPLE = 2 ** 12;

/**
 * Estimates how many tokens a text has. Of texts beyond 262,144 UTF-16 units evenly spaced samples are read, so it takes a
 * few ms at most.
 *
 * @returns A whole number; 0 for the empty text alone.
 */
export function estimateTokens(text: string): number {
  if (text.length <= WHOLE_MAX) return Math.ceil(estimate(text, 0, text.length));
  const samples = WHOLE_MAX / SAMPLE;
  const stride = (text.length - SAMPLE) / (samples - 1);
  let tokens = 0;
  for (let sample = 0; sample < samples; sample++) {
    const start = Math.floor(sample * stride);
    tokens += estimate(text, start, start + SAMPLE);
  }
  return Math.ceil((tokens * text.length) / WHOLE_MAX);
}

function estimate(text: string, start: number, end: number): number {
  let tokens = 0;
  let before = BLANK;
  for (let index = start; index < end; ) {
    const kind = kindOfRun(text, index, end);
    const runEnd = endOfRun(text, index, end, kind);
    tokens += costOfRun(text, index, runEnd, kind, before);
    if (kind === BLANK) tokens += costOfBlanks(runEnd - index, runEnd < end ? kindAt(text, runEnd) : DIGIT);
    before = kind;
    index = runEnd;
  }
  return tokens;
}

function costOfRun(text: string, start: number, end: number, kind: number, before: number): number {
  const length = end - start;
  if (kind >= HAN) return RUN_COST[kind]! + length * CHARACTER_COST[kind]!;
  if (kind === LOWER) return costOfWord(text, start, end) + costBeforeWord(before);
  if (kind === UPPER) return costOfCapitals(length) + costBeforeWord(before);
  if (kind === DIGIT) return Math.ceil(length / DIGITS_MAX) * DIGITS_COST;
  if (kind === PUNCTUATION) return costOfPunctuation(text, start, end);
  if (kind === BLANK) return 0;
  const isAfterPunctuation = before === PUNCTUATION || before === WIDE_PUNCTUATION || before === SYMBOL;
  return isAfterPunctuation ? NEWLINE_AFTER_PUNCTUATION_COST : NEWLINE_COST;
}

/** A word is its lower-case letters, with a capital before them if there is one. */
function costOfWord(text: string, start: number, end: number): number {
  const length = end - start;
  const longest = WORD_COST.length - 1;
  let cost = WORD_COST[Math.min(length, longest)]! + Math.max(0, length - longest) * LETTER_COST;
  for (let index = start; index < end; index++) if (text.charCodeAt(index) >= 0x80) cost += ACCENT_COST;
  return cost;
}

function costOfCapitals(length: number): number {
  return length === 1 ? 1 : CAPITALS_COST + (length - 1) * CAPITAL_COST;
}

function costBeforeWord(before: number): number {
  return before === PUNCTUATION ? PUNCTUATION_BEFORE_WORD_COST : 0;
}

function costOfPunctuation(text: string, start: number, end: number): number {
  let cost = PUNCTUATION_COST;
  for (let index = start + 1; index < end; index++)
    cost += text.charCodeAt(index) === text.charCodeAt(index - 1) ? REPEATED_PUNCTUATION_COST : NEXT_PUNCTUATION_COST;
  return cost;
}

/** Line ends take the blanks before them; digits, Han characters and Kana take none. */
function costOfBlanks(length: number, next: number): number {
  if (next === NEWLINE) return 0;
  return length > 1 || next === DIGIT || next === HAN || next === KANA ? BLANKS_COST : 0;
}

/** A capital before lower-case letters is the first letter of their word. */
function kindOfRun(text: string, start: number, end: number): number {
  const kind = kindAt(text, start);
  return kind === UPPER && start + 1 < end && kindAt(text, start + 1) === LOWER ? LOWER : kind;
}

function endOfRun(text: string, start: number, end: number, kind: number): number {
  let index = start + 1;
  while (index < end && kindAt(text, index) === kind) index += 1;
  const isNextWord = kind === UPPER && index < end && kindAt(text, index) === LOWER;
  return isNextWord ? index - 1 : index;
}

function kindAt(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  if (unit >= 0x80) return kindBeyondAscii(unit);
  if (unit >= 0x61 && unit <= 0x7a) return LOWER;
  if (unit >= 0x41 && unit <= 0x5a) return UPPER;
  if (unit >= 0x30 && unit <= 0x39) return DIGIT;
  if (unit === 0x20 || unit === 0x09) return BLANK;
  if (unit === 0x0a || unit === 0x0d) return NEWLINE;
  return unit > 0x20 && unit < 0x7f ? PUNCTUATION : CONTROL;
}

function kindBeyondAscii(unit: number): number {
  let index = 0;
  while (index + 1 < RANGES.length && RANGES[index + 1]![0] <= unit) index += 1;
  return RANGES[index]![1];
}
