/** Strings: a length alone, or an automaton of patterns, formats and lengths together. */
import type { Grammar } from '../grammar.js';
import { choice, EMPTY, NEVER, type Node, sequence } from '../node.js';
import { type Automaton, intersection, isEmpty, lengthAutomaton } from '../text/automaton.js';
import { anyCharacter, characterOf, QUOTE } from './json-text.js';

/** What a string has to be. Lengths are in characters. */
export interface StringRules {
  readonly min: number;
  readonly max: number;
  readonly automata: readonly Automaton[];
}

/** @throws Unenforceable when the rules together need too large an automaton. */
export function writeString(grammar: Grammar, { min, max, automata }: StringRules): Node {
  if (max < min) return NEVER;
  const [first, ...others] = automata;
  if (first === undefined) return sequence(QUOTE, grammar.repeat(anyCharacter(grammar), min, max), QUOTE);
  let automaton = others.reduce(intersection, first);
  const isBounded = min > 0 || max !== Number.POSITIVE_INFINITY;
  if (isBounded && !hasLengths(automaton, min, max)) automaton = intersection(automaton, lengthAutomaton(min, max));
  return sequence(QUOTE, writeAutomaton(grammar, automaton), QUOTE);
}

/** The texts of a pruned automaton, as the inside of a JSON string. */
export function writeAutomaton(grammar: Grammar, automaton: Automaton): Node {
  if (isEmpty(automaton)) return NEVER;
  const rules = automaton.map(() => grammar.reserve());
  for (const [place, { accepts, edges }] of automaton.entries()) {
    const steps = edges.map(({ ranges, target }) => sequence(characterOf(ranges), rules[target]!));
    grammar.complete(rules[place]!, choice(...steps, ...(accepts ? [EMPTY] : [])));
  }
  return rules[0]!;
}

/** Whether all texts of a pruned automaton have a length between two numbers in any case. */
export function hasLengths(automaton: Automaton, min: number, max: number): boolean {
  const depths = shortest(automaton);
  const isLongEnough = automaton.every(({ accepts }, state) => !accepts || depths[state]! >= min);
  return isLongEnough && longest(automaton) <= max;
}

/** The shortest way to each state. */
function shortest(automaton: Automaton): number[] {
  const depths = automaton.map(() => Number.POSITIVE_INFINITY);
  depths[0] = 0;
  const queue = [0];
  for (const state of queue) {
    for (const { target } of automaton[state]!.edges) {
      if (depths[target] !== Number.POSITIVE_INFINITY) continue;
      depths[target] = depths[state]! + 1;
      queue.push(target);
    }
  }
  return depths;
}

/** The longest text; infinite when there is a circle. */
function longest(automaton: Automaton): number {
  const lengths: (number | undefined)[] = automaton.map(() => undefined);
  const measure = (state: number): number => {
    const known = lengths[state];
    if (known !== undefined) return known;
    lengths[state] = Number.POSITIVE_INFINITY;
    const length = Math.max(0, ...automaton[state]!.edges.map(({ target }) => 1 + measure(target)));
    lengths[state] = length;
    return length;
  };
  return measure(0);
}
