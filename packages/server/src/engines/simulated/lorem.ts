/** Text that says nothing: sentences of placeholder Latin. */
import type { SeededRandom } from './random.js';

const WORDS = (
  'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna ' +
  'aliqua enim ad minim veniam quis nostrud exercitation ullamco laboris nisi aliquip ex ea commodo consequat duis aute ' +
  'irure in reprehenderit voluptate velit esse cillum eu fugiat nulla pariatur excepteur sint occaecat cupidatat non ' +
  'proident sunt culpa qui officia deserunt mollit anim id est laborum'
).split(' ');

/** Words of a sentence. */
const SENTENCE_WORDS = { min: 5, max: 14 };
/** Sentences of a paragraph at most. */
const PARAGRAPH_SENTENCES_MAX = 5;

/** One sentence, with its full stop. */
export function loremSentence(random: SeededRandom): string {
  const words = Array.from({ length: random.integer(SENTENCE_WORDS.min, SENTENCE_WORDS.max) }, () => loremWord(random));
  const text = words.join(' ');
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

export function loremWord(random: SeededRandom): string {
  return random.pick(WORDS);
}

/**
 * Sentences in paragraphs, at least one, until they have a number of tokens.
 *
 * @param count How many tokens a text has.
 */
export function loremText(random: SeededRandom, tokens: number, count: (text: string) => number): string {
  let text = loremSentence(random);
  let reached = count(text);
  for (let sentences = 1; reached < tokens; sentences++) {
    const isNewParagraph = sentences >= PARAGRAPH_SENTENCES_MAX;
    if (isNewParagraph) sentences = 0;
    const piece = `${isNewParagraph ? '\n\n' : ' '}${loremSentence(random)}`;
    text += piece;
    reached += count(piece);
  }
  return text;
}
