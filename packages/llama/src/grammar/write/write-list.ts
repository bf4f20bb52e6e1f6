/** Parts with commas between them, of which some may be left out: the inside of arrays and objects. */
import type { Grammar } from '../grammar.js';
import { choice, EMPTY, isNever, NEVER, type Node, sequence, text } from '../node.js';
import { whiteSpace } from './white-space.js';

/** A part of a list. */
export interface ListPart {
  readonly node: Node;
  readonly isRequired: boolean;
}

/** What may follow the parts, again and again. */
export interface ListRest {
  readonly node: Node;
  readonly min: number;
  readonly max: number;
}

export interface ListOptions {
  readonly parts: readonly ListPart[];
  /** Whether a part may only be there when all before it are, as in an array. */
  readonly isPositional: boolean;
  readonly rest: ListRest;
  readonly brackets: readonly [opening: string, closing: string];
}

/** Writes a list with its brackets. */
export function writeList(grammar: Grammar, { parts, isPositional, rest, brackets }: ListOptions): Node {
  const space = whiteSpace(grammar);
  const comma = sequence(text(','), space);
  let following = writeRest(grammar, sequence(comma, rest.node), rest.min, rest.max);
  let beginning = writeFirstRest(grammar, comma, rest);
  for (const { node, isRequired } of parts.toReversed()) {
    const without = isPositional ? EMPTY : undefined;
    const [first, later] = [sequence(node, following), sequence(comma, node, following)];
    const beginnings = isRequired ? first : choice(first, without ?? beginning);
    const followings = isRequired ? later : choice(later, without ?? following);
    beginning = grammar.define(beginnings);
    following = grammar.define(followings);
  }
  const [opening, closing] = brackets;
  return sequence(text(opening), space, beginning, space, text(closing));
}

/** The rest, with whatever comes before each of its parts. */
export function writeRest(grammar: Grammar, node: Node, min: number, max: number): Node {
  if (max <= 0) return min > 0 ? NEVER : EMPTY;
  if (isNever(node)) return min > 0 ? NEVER : EMPTY;
  return grammar.repeat(grammar.define(node), min, max);
}

/** The rest when nothing comes before it. */
function writeFirstRest(grammar: Grammar, comma: Node, { node, min, max }: ListRest): Node {
  if (max <= 0 || isNever(node)) return min > 0 ? NEVER : EMPTY;
  const some = sequence(node, writeRest(grammar, sequence(comma, node), Math.max(min - 1, 0), max - 1));
  return min > 0 ? some : choice(some, EMPTY);
}
