/** Where white space may stand in the JSON that is written, and how much: a model could write blanks for ever. */
import type { Grammar } from '../grammar.js';
import { choice, EMPTY, type Node, oneOf, optional, repeat, sequence, text } from '../node.js';

/** The deepest indentation. */
const INDENT_MAX = 16;

const SPACE = oneOf([0x20, 0x20]);

/** Inside of brackets and after commas: nothing, a space, or a new line and its indentation. */
export function whiteSpace(grammar: Grammar): Node {
  return grammar.share('white space', () => choice(EMPTY, SPACE, sequence(text('\n'), repeat(SPACE, 0, INDENT_MAX))));
}

/** After a colon: nothing or a space. */
export const COLON = sequence(text(':'), optional(SPACE));
