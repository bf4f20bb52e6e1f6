/** Writes a grammar in the notation of llama.cpp, GBNF. */
import { checkLeftPaths } from './check-left-paths.js';
import { type Grammar, ROOT } from './grammar.js';
import { GRAMMAR_CHARACTERS_MAX } from './limits.js';
import { isNever, type Node, type Range } from './node.js';
import { pruneGrammar } from './prune-grammar.js';
import { Unenforceable } from './unenforceable.js';

/** The special tokens of a vocabulary by their texts. */
export type MarkerTokens = ReadonlyMap<string, number>;

const NO_TOKENS: MarkerTokens = new Map();

/**
 * Writes the rules that `root` needs.
 *
 * @param tokens What markers are written as; those that are not among them are texts.
 * @throws Unenforceable when nothing matches the grammar, or it is beyond a limit.
 */
export function writeGbnf(grammar: Grammar, root: Node, tokens = NO_TOKENS): string {
  const rules = pruneGrammar(grammar.rules, root);
  const start = rules.get(ROOT)!;
  if (isNever(start)) throw new Unenforceable('allows no value at all');
  checkLeftPaths(rules);
  const writer = new NodeWriter(tokens);
  const lines = [...rules].map(([name, node]) => `${name} ::= ${writer.choice(node)}\n`);
  const written = lines.join('');
  if (written.length > GRAMMAR_CHARACTERS_MAX) {
    throw new Unenforceable(`needs a grammar of more than ${GRAMMAR_CHARACTERS_MAX} characters`);
  }
  return written;
}

class NodeWriter {
  readonly #tokens: MarkerTokens;

  constructor(tokens: MarkerTokens) {
    this.#tokens = tokens;
  }

  choice(node: Node): string {
    return node.kind === 'choice' ? node.nodes.map((part) => this.#sequence(part)).join(' | ') : this.#sequence(node);
  }

  #sequence(node: Node): string {
    if (node.kind !== 'sequence') return this.#item(node);
    return node.nodes.length === 0 ? '""' : node.nodes.map((part) => this.#item(part)).join(' ');
  }

  #item(node: Node): string {
    switch (node.kind) {
      case 'text':
        return writeText(node.text);
      case 'marker': {
        const token = this.#tokens.get(node.text);
        return token === undefined ? writeText(node.text) : `<[${token}]>`;
      }
      case 'class':
        return `[${node.ranges.map(writeRange).join('')}]`;
      case 'rule':
        return node.name;
      case 'repeat':
        return this.#item(node.node) + writeCount(node.min, node.max);
      default:
        return `(${this.choice(node)})`;
    }
  }
}

function writeText(text: string): string {
  return `"${Array.from(text, (character) => writeCodePoint(character.codePointAt(0)!)).join('')}"`;
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
