/**
 * Writes a text of a grammar by choosing at every turn: never one from which there is no way to an end, and the shortest
 * way once the text is long enough.
 */
import { anyCharacter, type Grammar, type Node, pruneGrammar, ROOT } from '@plumb/llama/grammar';
import { loremSentence } from './lorem.js';
import type { SeededRandom } from './random.js';

/** From so many characters on the shortest way is taken. */
const LONG_CHARACTERS = 1500;
/** What is repeated without an end is repeated so often beyond its least number, at most. */
const REPETITIONS_MAX = 3;
/** Characters of a string without limits. */
const STRING_CHARACTERS_MAX = 24;
/** Letters and digits: what is preferred where several characters are allowed. */
const READABLE = [
  [0x61, 0x7a],
  [0x30, 0x39],
  [0x41, 0x5a],
] as const;

/**
 * A text of what `root` stands for, or undefined when there is none. `root` may be of rules that the grammar makes later.
 */
export function sampleGrammar(grammar: Grammar, root: Node, random: SeededRandom): string | undefined {
  // Characters of strings are taken from sentences, so it is known which rule they are.
  const character = anyCharacter(grammar);
  const rules = pruneGrammar(grammar.rules, root);
  return new Sampler(rules, character.kind === 'rule' ? character.name : '', random).sample();
}

class Sampler {
  readonly #rules: ReadonlyMap<string, Node>;
  readonly #characterRule: string;
  readonly #random: SeededRandom;
  /** The size of the smallest way to an end of each rule: more than that of each rule on it. */
  readonly #costs = new Map<string, number>();
  #sentence = '';
  #written = '';

  constructor(rules: ReadonlyMap<string, Node>, characterRule: string, random: SeededRandom) {
    this.#rules = rules;
    this.#characterRule = characterRule;
    this.#random = random;
    this.#measure();
  }

  sample(): string | undefined {
    if (!Number.isFinite(this.#costs.get(ROOT) ?? Number.POSITIVE_INFINITY)) return undefined;
    const pending: Node[] = [{ kind: 'rule', name: ROOT }];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) this.#write(node, pending);
    return this.#written;
  }

  /** Writes a node, or puts what it consists of on the pile: strings are long chains of rules, too deep for calls. */
  #write(node: Node, pending: Node[]): void {
    switch (node.kind) {
      case 'text':
      case 'marker':
        this.#written += node.text;
        break;
      case 'class':
        this.#written += this.#pickCharacter(node.ranges);
        break;
      case 'sequence':
        for (const part of node.nodes.toReversed()) pending.push(part);
        break;
      case 'choice':
        pending.push(this.#choose(node.nodes));
        break;
      case 'repeat':
        for (let count = this.#repetitions(node); count > 0; count--) pending.push(node.node);
        break;
      default:
        if (node.name === this.#characterRule) this.#written += this.#nextCharacter();
        else pending.push(this.#rules.get(node.name)!);
    }
  }

  get #isLong(): boolean {
    return this.#written.length >= LONG_CHARACTERS;
  }

  #choose(nodes: readonly Node[]): Node {
    if (!this.#isLong) return this.#random.pick(nodes);
    return nodes.reduce((least, node) => (this.#costOf(node) < this.#costOf(least) ? node : least));
  }

  #repetitions({ node, min, max }: Node & { kind: 'repeat' }): number {
    if (this.#isLong) return min;
    const isText = node.kind === 'rule' && node.name === this.#characterRule;
    return min + this.#random.integer(0, Math.min(max - min, isText ? STRING_CHARACTERS_MAX : REPETITIONS_MAX));
  }

  #pickCharacter(ranges: readonly (readonly [number, number])[]): string {
    const readable = READABLE.flatMap(([first, last]) =>
      ranges
        .map(([from, to]) => [Math.max(first, from), Math.min(last, to)] as const)
        .filter(([from, to]) => from <= to),
    );
    const [from, to] = this.#random.pick(readable.length > 0 ? readable : ranges);
    return String.fromCodePoint(this.#random.integer(from, to));
  }

  /** The next character of a sentence: strings then read like words, whatever their length. */
  #nextCharacter(): string {
    if (this.#sentence === '') this.#sentence = loremSentence(this.#random);
    const character = this.#sentence[0]!;
    this.#sentence = this.#sentence.slice(1);
    return character;
  }

  /** Goes over all rules until no way gets smaller. */
  #measure(): void {
    for (let hasChanged = true; hasChanged; ) {
      hasChanged = false;
      for (const [name, node] of this.#rules) {
        const cost = 1 + this.#costOf(node);
        if (cost >= (this.#costs.get(name) ?? Number.POSITIVE_INFINITY)) continue;
        this.#costs.set(name, cost);
        hasChanged = true;
      }
    }
  }

  #costOf(node: Node): number {
    switch (node.kind) {
      case 'sequence':
        return node.nodes.reduce((total, part) => total + this.#costOf(part), 0);
      case 'choice':
        return node.nodes.reduce(
          (least, part) => Math.min(least, this.#costOf(part)),
          node.nodes.length === 0 ? Number.POSITIVE_INFINITY : Number.MAX_VALUE,
        );
      case 'repeat':
        return node.min === 0 ? 0 : node.min * this.#costOf(node.node);
      case 'rule':
        return node.name === this.#characterRule ? 1 : (this.#costs.get(node.name) ?? Number.POSITIVE_INFINITY);
      default:
        return 1;
    }
  }
}
