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
export function writeString(grammar: Grammar, rules: StringRules): Node {
  const { min, max, automata } = rules;
  if (max < min) return NEVER;
  if (automata.length === 0) return sequence(QUOTE, grammar.repeat(anyCharacter(grammar), min, max), QUOTE);
  return sequence(QUOTE, writeAutomaton(grammar, joinRules(rules)), QUOTE);
}

/** One automaton of all rules. */
export function joinRules({ min, max, automata }: StringRules): Automaton {
  const [first = lengthAutomaton(0, Number.POSITIVE_INFINITY), ...others] = automata;
  const automaton = others.reduce(intersection, first);
  const isBounded = min > 0 || max !== Number.POSITIVE_INFINITY;
  if (!isBounded || hasLengths(automaton, min, max)) return automaton;
  return intersection(automaton, lengthAutomaton(min, max));
}

/**
 * The texts of a pruned automaton.
 *
 * @param write How one of some characters is written; as in the inside of a JSON string where nothing else is said.
 */
export function writeAutomaton(grammar: Grammar, automaton: Automaton, write = characterOf): Node {
  if (isEmpty(automaton)) return NEVER;
  const rules = automaton.map(() => grammar.reserve());
  for (const [place, { accepts, edges }] of automaton.entries()) {
    const steps = edges.map(({ ranges, target }) => sequence(write(ranges), rules[target]!));
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
