/** A grammar under construction: its rules by name. */
import { RULES_MAX } from './limits.js';
import { type Node, repeat, sequence } from './node.js';
import { Unenforceable } from './unenforceable.js';

/** Up to so many repetitions llama.cpp's own notation is used, in which each one is a rule. */
const PLAIN_REPETITIONS_MAX = 16;

/** The name of the rule that llama.cpp starts with. */
export const ROOT = 'root';

export class Grammar {
  readonly rules = new Map<string, Node>();
  /** What making it has cost so far. */
  readonly effort = { schemas: 0, patternSteps: 0 };
  /** Rules that several parts of the grammar use, by what they are. */
  readonly #shared = new Map<string, Node>();

  /** Adds a rule. */
  define(node: Node): Node {
    const rule = this.reserve();
    this.complete(rule, node);
    return rule;
  }

  /** A rule whose body comes later, because it refers to itself. */
  reserve(): Node & { kind: 'rule' } {
    if (this.rules.size >= RULES_MAX) throw new Unenforceable(`needs a grammar of more than ${RULES_MAX} rules`);
    const name = `r${this.rules.size}`;
    const rule = { kind: 'rule', name } as const;
    this.rules.set(name, sequence());
    return rule;
  }

  complete(rule: Node & { kind: 'rule' }, node: Node): void {
    this.rules.set(rule.name, node);
  }

  /** The rule of this name, made when it is first asked for. It may refer to itself. */
  share(key: string, make: (self: Node) => Node): Node {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const rule = this.reserve();
    this.#shared.set(key, rule);
    this.complete(rule, make(rule));
    return rule;
  }

  /**
   * A node again and again. Large numbers are put together from powers of two, which takes some rules instead of one for
   * each repetition; every number of repetitions still has exactly one way through.
   */
  repeat(node: Node, min: number, max: number): Node {
    const bounded = max === Number.POSITIVE_INFINITY ? min : max;
    if (bounded <= PLAIN_REPETITIONS_MAX) return repeat(node, min, max);
    const powers: Node[] = [node.kind === 'rule' || node.kind === 'class' ? node : this.define(node)];
    const power = (exponent: number): Node => {
      powers[exponent] ??= this.define(sequence(power(exponent - 1), power(exponent - 1)));
      return powers[exponent];
    };
    const exactly = (count: number): Node => {
      const parts: Node[] = [];
      for (let exponent = 0; 2 ** exponent <= count; exponent++) {
        if (Math.floor(count / 2 ** exponent) % 2 === 1) parts.unshift(power(exponent));
      }
      return sequence(...parts);
    };
    if (max === Number.POSITIVE_INFINITY) return sequence(exactly(min), repeat(powers[0]!, 0, max));
    return sequence(exactly(min), this.#upTo(max - min, power));
  }

  /** At most `count` repetitions: those of the largest power of two and up to the rest, or fewer than that power. */
  #upTo(count: number, power: (exponent: number) => Node): Node {
    if (count === 0) return sequence();
    const exponent = Math.floor(Math.log2(count));
    const more = this.define(sequence(power(exponent), this.#upTo(count - 2 ** exponent, power)));
    return this.define({ kind: 'choice', nodes: [more, this.#below(exponent, power)] });
  }

  /** Fewer than `2 ** exponent` repetitions. */
  #below(exponent: number, power: (exponent: number) => Node): Node {
    const parts: Node[] = [];
    for (let lower = exponent - 1; lower >= 0; lower--) parts.push(repeat(power(lower), 0, 1));
    return sequence(...parts);
  }
}
