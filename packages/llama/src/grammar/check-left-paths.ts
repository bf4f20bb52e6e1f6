/**
 * Counts the ways into each rule, as llama.cpp walks them when it looks for left recursion: it visits a rule again for
 * each way that leads to it, which a small schema could make take for ever.
 */
import { LEFT_PATHS_MAX } from './limits.js';
import type { Node } from './node.js';
import { rulesIn } from './prune-grammar.js';
import { Unenforceable } from './unenforceable.js';

/** @throws Unenforceable when there are too many ways, or one of them is a circle. */
export function checkLeftPaths(rules: ReadonlyMap<string, Node>): void {
  const counter = new LeftPaths(rules);
  const visited = new Set<string>();
  let paths = 0;
  for (const name of rulesInOrder(rules)) {
    if (visited.has(name)) continue;
    paths += counter.count(name);
    counter.visit(name, visited);
  }
  if (paths > LEFT_PATHS_MAX) throw new Unenforceable(`branches in more than ${LEFT_PATHS_MAX} ways`);
}

/** The rules in the order in which they are first named, which is that of llama.cpp's walks. */
function rulesInOrder(rules: ReadonlyMap<string, Node>): Set<string> {
  return new Set([...rules].flatMap(([name, node]) => [name, ...rulesIn(node)]));
}

class LeftPaths {
  readonly #rules: ReadonlyMap<string, Node>;
  readonly #counts = new Map<string, number>();
  readonly #canBeEmpty = new Map<string, boolean>();

  constructor(rules: ReadonlyMap<string, Node>) {
    this.#rules = rules;
  }

  /** Rules that are reached from this one before any character, each counted as often as there are ways to it. */
  count(name: string): number {
    const known = this.#counts.get(name);
    if (known === IN_PROGRESS) throw new Unenforceable('refers to itself without anything between');
    if (known !== undefined) return known;
    this.#counts.set(name, IN_PROGRESS);
    const count = 1 + this.#countIn(this.#rules.get(name)!);
    this.#counts.set(name, count);
    return count;
  }

  /** Adds the rules that are reached from this one before any character. */
  visit(name: string, visited: Set<string>): void {
    const queue = [name];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      if (visited.has(next)) continue;
      visited.add(next);
      queue.push(...this.#leftRules(this.#rules.get(next)!));
    }
  }

  #leftRules(node: Node): string[] {
    if (node.kind === 'rule') return [node.name];
    if (node.kind === 'repeat') return this.#leftRules(node.node);
    if (node.kind === 'choice') return node.nodes.flatMap((part) => this.#leftRules(part));
    return node.kind === 'sequence' ? this.#leftParts(node.nodes).flatMap((part) => this.#leftRules(part)) : [];
  }

  /** The parts of a sequence before which nothing has to come. */
  #leftParts(nodes: readonly Node[]): readonly Node[] {
    const end = nodes.findIndex((node) => !this.#isEmptyPossible(node));
    return end === -1 ? nodes : nodes.slice(0, end + 1);
  }

  #countIn(node: Node): number {
    switch (node.kind) {
      case 'rule':
        return this.count(node.name);
      case 'choice':
        return node.nodes.reduce((sum, part) => sum + this.#countIn(part), 0);
      case 'repeat':
        return this.#countIn(node.node) + 1;
      case 'sequence':
        return this.#leftParts(node.nodes).reduce((sum, part) => sum + this.#countIn(part), 0);
      default:
        return 0;
    }
  }

  #isEmptyPossible(node: Node): boolean {
    switch (node.kind) {
      case 'rule':
        return this.#isRuleEmptyPossible(node.name);
      case 'choice':
        return node.nodes.some((part) => this.#isEmptyPossible(part));
      case 'sequence':
        return node.nodes.every((part) => this.#isEmptyPossible(part));
      case 'repeat':
        return node.min === 0 || this.#isEmptyPossible(node.node);
      default:
        return false;
    }
  }

  #isRuleEmptyPossible(name: string): boolean {
    const known = this.#canBeEmpty.get(name);
    if (known !== undefined) return known;
    this.#canBeEmpty.set(name, false);
    const isPossible = this.#isEmptyPossible(this.#rules.get(name)!);
    this.#canBeEmpty.set(name, isPossible);
    return isPossible;
  }
}

const IN_PROGRESS = -1;
