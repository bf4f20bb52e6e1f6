/** Strings as they are, without quotes and escapes, up to a text that ends them. */
import type { Grammar } from '../grammar.js';
import { RULES_MAX } from '../limits.js';
import { NEVER, type Node, oneOf, type Range } from '../node.js';
import { type Automaton, intersection, without } from '../text/automaton.js';
import { intersect } from '../text/code-points.js';
import { Unenforceable } from '../unenforceable.js';
import { joinRules, type StringRules, writeAutomaton } from './write-string.js';

/** What a text is made of where no rule asks for other characters: no control characters but white space. */
const PLAIN: readonly Range[] = [
  [0x09, 0x0a],
  [0x0d, 0x0d],
  [0x20, 0xd7ff],
  [0xe000, 0x10ffff],
];

/** llama.cpp takes a zero for the end of a text. */
const ALL: readonly Range[] = [
  [0x01, 0xd7ff],
  [0xe000, 0x10ffff],
];

/**
 * Writes texts in which `end` does not occur. Where counting their characters beside watching for the end needs too large
 * an automaton, the texts are written without what the end begins with.
 *
 * @throws Unenforceable when the rules need too large an automaton in any case.
 */
export function writeRawText(grammar: Grammar, rules: StringRules, end: string): Node {
  const { min, max, automata } = rules;
  if (max < min) return NEVER;
  const characters = automata.length === 0 ? PLAIN : ALL;
  for (const forbidden of [end, end.slice(0, 2)]) {
    const automaton = tryJoin(rules, without(forbidden, characters));
    if (automaton !== undefined && hasRoom(grammar, automaton)) return writeStates(grammar, automaton);
  }
  const bare = withoutFirst(end, characters);
  if (automata.length === 0) return grammar.repeat(oneOf(...bare), min, max);
  return writeStates(
    grammar,
    intersection(joinRules(rules), [{ accepts: true, edges: [{ ranges: bare, target: 0 }] }]),
  );
}

/** Undefined where both together are too large. */
function tryJoin(rules: StringRules, other: Automaton): Automaton | undefined {
  try {
    return intersection(joinRules(rules), other);
  } catch (error) {
    if (!(error instanceof Unenforceable)) throw error;
    return undefined;
  }
}

/** Texts must not use up the rules of a grammar that other arguments need as well. */
function hasRoom(grammar: Grammar, automaton: Automaton): boolean {
  return grammar.rules.size + automaton.length <= RULES_MAX / 2;
}

function writeStates(grammar: Grammar, automaton: Automaton): Node {
  return writeAutomaton(grammar, automaton, (ranges) => oneOf(...ranges));
}

function withoutFirst(end: string, characters: readonly Range[]): Range[] {
  const first = end.codePointAt(0)!;
  return intersect(characters, [
    [0, first - 1],
    [first + 1, 0x10ffff],
  ]);
}
