/** Writes a grammar in the notation of llama.cpp, GBNF. */
import { checkLeftPaths } from './check-left-paths.js';
import { type Grammar, ROOT } from './grammar.js';
import { GRAMMAR_CHARACTERS_MAX } from './limits.js';
import { isNever, type Node, type Range } from './node.js';
import { pruneGrammar } from './prune-grammar.js';
import { Unenforceable } from './unenforceable.js';

/**
 * Writes the rules that `root` needs.
 *
 * @throws Unenforceable when nothing matches the grammar, or it is beyond a limit.
 */
export function writeGbnf(grammar: Grammar, root: Node): string {
  const rules = pruneGrammar(grammar.rules, root);
  const start = rules.get(ROOT)!;
  if (isNever(start)) throw new Unenforceable('allows no value at all');
  checkLeftPaths(rules);
  const lines = [...rules].map(([name, node]) => `${name} ::= ${writeChoice(node)}\n`);
  const written = lines.join('');
  if (written.length > GRAMMAR_CHARACTERS_MAX) {
    throw new Unenforceable(`needs a grammar of more than ${GRAMMAR_CHARACTERS_MAX} characters`);
  }
  return written;
}

function writeChoice(node: Node): string {
  return node.kind === 'choice' ? node.nodes.map(writeSequence).join(' | ') : writeSequence(node);
}

function writeSequence(node: Node): string {
  if (node.kind !== 'sequence') return writeItem(node);
  return node.nodes.length === 0 ? '""' : node.nodes.map(writeItem).join(' ');
}

function writeItem(node: Node): string {
  switch (node.kind) {
    case 'text':
      return `"${Array.from(node.text, (character) => writeCodePoint(character.codePointAt(0)!)).join('')}"`;
    case 'class':
      return `[${node.ranges.map(writeRange).join('')}]`;
    case 'rule':
      return node.name;
    case 'repeat':
      return writeItem(node.node) + writeCount(node.min, node.max);
    default:
      return `(${writeChoice(node)})`;
  }
}

function writeCount(min: number, max: number): string {
  if (max !== Number.POSITIVE_INFINITY) return min === 0 && max === 1 ? '?' : `{${min},${max}}`;
  return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`;
}

function writeRange([first, last]: Range): string {
  return first === last ? writeCodePoint(first) : `${writeCodePoint(first)}-${writeCodePoint(last)}`;
}

/** Letters and digits as they are, everything else by number: some signs mean something in texts, others in classes. */
function writeCodePoint(code: number): string {
  const character = String.fromCodePoint(code);
  if (/[A-Za-z0-9 :,{}_.]/.test(character)) return character;
  const [letter, digits] = code < 0x100 ? ['x', 2] : code < 0x10000 ? ['u', 4] : ['U', 8];
  return `\\${letter}${code.toString(16).toUpperCase().padStart(digits, '0')}`;
}
