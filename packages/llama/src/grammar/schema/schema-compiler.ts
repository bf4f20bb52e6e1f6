/** From a JSON Schema to the rules of a grammar that writes only values of it. */
import type { Grammar } from '../grammar.js';
import { SCHEMA_CHARACTERS_MAX, SCHEMA_DEPTH_MAX } from '../limits.js';
import { choice, NEVER, type Node, text } from '../node.js';
import { type Automaton, isEmpty } from '../text/automaton.js';
import { compilePattern } from '../text/compile-pattern.js';
import { FORMATS, type Format } from '../text/formats.js';
import { readPattern } from '../text/read-pattern.js';
import { Unenforceable } from '../unenforceable.js';
import { writeArray } from '../write/write-array.js';
import { writeNumber } from '../write/write-number.js';
import { writeObject } from '../write/write-object.js';
import { hasLengths, writeString } from '../write/write-string.js';
import { accepts } from './accepts.js';
import { kindsOf } from './excludes.js';
import { expandSchema } from './expand-schema.js';
import type { Plain, PlainNumber } from './plain.js';
import type { Report } from './read-plain.js';
import type { Kind, Schema } from './schema.js';

/** Writes the schema that lies in another one, under `name`. */
export type WriteInner = (schema: Schema, name: string) => Node;

export interface CompilerOptions {
  readonly grammar: Grammar;
  /** Whether a keyword that cannot be enforced is an error; otherwise it is left out. */
  readonly isStrict: boolean;
}

/**
 * Compiles a schema. What is allowed is written in one of its forms: properties in the order in which they are declared,
 * and none that the schema does not speak of.
 *
 * @throws Unenforceable, with the place in the schema, when it is beyond a limit, or strict and not enforceable.
 */
export function compileSchema(root: Schema, options: CompilerOptions): Node {
  if (isNestedDeeper(root, NESTING_MAX)) throw new Unenforceable('the schema is nested too deeply');
  if (JSON.stringify(root).length > SCHEMA_CHARACTERS_MAX) {
    throw new Unenforceable(`the schema has more than ${SCHEMA_CHARACTERS_MAX} characters`);
  }
  return new SchemaCompiler(root, options).write(root, '#', 0);
}

/** How deep the JSON of a schema may be nested. */
const NESTING_MAX = 256;

function isNestedDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isNestedDeeper(inner, levels - 1));
}

class SchemaCompiler {
  readonly #root: Schema;
  readonly #grammar: Grammar;
  readonly #isStrict: boolean;
  /** The rules of schemas by what they say, so that one that refers to itself comes to an end. */
  readonly #known = new Map<string, Node>();
  readonly #automata = new Map<string, Automaton>();

  constructor(root: Schema, { grammar, isStrict }: CompilerOptions) {
    this.#root = root;
    this.#grammar = grammar;
    this.#isStrict = isStrict;
  }

  write(schema: Schema, path: string, depth: number): Node {
    if (depth > SCHEMA_DEPTH_MAX) throw new Unenforceable(`${path} lies more than ${SCHEMA_DEPTH_MAX} schemas deep`);
    const key = JSON.stringify(schema);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const rule = this.#grammar.reserve();
    this.#known.set(key, rule);
    const plains = this.#at(path, () => this.#expand(schema, path));
    const nodes = plains.map((plain) => this.#at(path, () => this.#writePlain(plain, path, depth)));
    this.#grammar.complete(rule, choice(...nodes));
    return rule;
  }

  #expand(schema: Schema, path: string): Plain[] {
    const report: Report = (keyword, reason) => this.#report(keyword, reason, path);
    return expandSchema(schema, { root: this.#root, report, effort: this.#grammar.effort });
  }

  #report(keyword: string, reason: string, path: string): void {
    if (this.#isStrict) throw new LocatedUnenforceable(`\`${keyword}\` at ${path} ${reason}`);
  }

  /** Adds the place to what is thrown without one. */
  #at<Result>(path: string, step: () => Result): Result {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof Unenforceable) || error instanceof LocatedUnenforceable) throw error;
      throw new LocatedUnenforceable(`the schema at ${path} ${error.message}`);
    }
  }

  #writePlain(plain: Plain, path: string, depth: number): Node {
    if (plain.values !== undefined) {
      const expand = (inner: Schema) => this.#expand(inner, path);
      const allowed = plain.values.filter((value) => accepts(value, plain, expand));
      return choice(...allowed.map((value) => text(JSON.stringify(value))));
    }
    return choice(...kindsOf(plain).map((kind) => this.#writeKind(kind, plain, path, depth)));
  }

  #writeKind(kind: Kind, plain: Plain, path: string, depth: number): Node {
    const inner: WriteInner = (schema, name) => this.write(schema, `${path}/${name}`, depth + 1);
    switch (kind) {
      case 'null':
        return text('null');
      case 'boolean':
        return choice(text('true'), text('false'));
      case 'number':
        return this.#writeNumber(plain.number, path);
      case 'string':
        return this.#writeString(plain.string, path);
      case 'array':
        return writeArray(this.#grammar, plain.array, inner);
      case 'object':
        return writeObject(this.#grammar, plain.object, {
          inner,
          report: (keyword, reason) => this.#report(keyword, reason, path),
          automatonOf: (pattern) => this.#compile('patternProperties', pattern, path),
        });
    }
  }

  #writeNumber(number: PlainNumber, path: string): Node {
    let multipleOf = 1;
    for (const multiple of number.multiples) {
      // Every whole number is a multiple of a half, a third and so on.
      if (Number.isInteger(multiple)) multipleOf = leastCommonMultiple(multipleOf, multiple);
      else if (!number.isInteger || !Number.isInteger(1 / multiple)) {
        this.#report('multipleOf', 'is not a whole number, which cannot be enforced', path);
      }
    }
    return writeNumber(this.#grammar, { ...number, multipleOf });
  }

  #writeString({ min, max, patterns, formats }: Plain['string'], path: string): Node {
    let limit = max;
    const automata: (Automaton | undefined)[] = patterns.map((pattern) => this.#compile('pattern', pattern, path));
    for (const name of formats) {
      const format = FORMATS.get(name);
      if (format === undefined) this.#report('format', `is ${JSON.stringify(name)}, which cannot be enforced`, path);
      else {
        const [automaton, longest] = this.#compileFormat(format, min, max, path);
        automata.push(automaton);
        limit = Math.min(limit, longest);
      }
    }
    const known = automata.filter((automaton) => automaton !== undefined);
    if (known.some(isEmpty)) return NEVER;
    const key = `string ${JSON.stringify({ min, max: String(max), patterns, formats })}`;
    return this.#grammar.share(key, () => writeString(this.#grammar, { min, max: limit, automata: known }));
  }

  /** The automaton of a format, and the longest text that it is right for. */
  #compileFormat({ source, short }: Format, min: number, max: number, path: string) {
    const whole = this.#compile('format', `^(?:${source})$`, path);
    if (short === undefined || whole === undefined || hasLengths(whole, min, max)) return [whole, max] as const;
    return [this.#compile('format', `^(?:${short.source})$`, path), short.max] as const;
  }

  /** Undefined for a pattern that is left out. */
  #compile(keyword: string, source: string, path: string): Automaton | undefined {
    const known = this.#automata.get(source);
    if (known !== undefined) return known;
    try {
      const automaton = compilePattern(readPattern(source), this.#grammar.effort);
      this.#automata.set(source, automaton);
      return automaton;
    } catch (error) {
      if (!(error instanceof Unenforceable)) throw error;
      this.#report(keyword, error.message, path);
      return undefined;
    }
  }
}

/** One that says already where. */
class LocatedUnenforceable extends Unenforceable {}

function leastCommonMultiple(left: number, right: number): number {
  let [divisor, rest] = [left, right];
  while (rest !== 0) [divisor, rest] = [rest, divisor % rest];
  return (left / divisor) * right;
}
