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
import { type ObjectTools, writeObject } from '../write/write-object.js';
import { hasLengths, type StringRules, writeString } from '../write/write-string.js';
import { accepts } from './accepts.js';
import { kindsOf } from './excludes.js';
import { expandSchema } from './expand-schema.js';
import type { Plain, PlainNumber } from './plain.js';
import type { Report } from './read-plain.js';
import { type Kind, kindOf, type Schema } from './schema.js';

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
  return new SchemaCompiler(root, options).write(root, '#', 0);
}

/** How deep the JSON of a schema may be nested. */
const NESTING_MAX = 256;

function isNestedDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isNestedDeeper(inner, levels - 1));
}

/** Writes the parts of one schema. Paths are places in it, for errors. */
export class SchemaCompiler {
  readonly #root: Schema;
  readonly #grammar: Grammar;
  readonly #isStrict: boolean;
  /** The rules of schemas by what they say, so that one that refers to itself comes to an end. */
  readonly #known = new Map<string, Node>();
  readonly #automata = new Map<string, Automaton>();

  /** @throws Unenforceable when the schema is too large to be read. */
  constructor(root: Schema, { grammar, isStrict }: CompilerOptions) {
    if (isNestedDeeper(root, NESTING_MAX)) throw new Unenforceable('the schema is nested too deeply');
    if (JSON.stringify(root).length > SCHEMA_CHARACTERS_MAX) {
      throw new Unenforceable(`the schema has more than ${SCHEMA_CHARACTERS_MAX} characters`);
    }
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
    const nodes = this.plainsOf(schema, path).map((plain) => this.writePlain(plain, path, depth));
    this.#grammar.complete(rule, choice(...nodes));
    return rule;
  }

  /** The plain schemas of which a value has to fulfil one. */
  plainsOf(schema: Schema, path: string): Plain[] {
    return this.#at(path, () => this.#expand(schema, path));
  }

  /** The same, once the schema is compiled: without reports, and without counting. */
  lookUp(schema: Schema): Plain[] {
    return expandSchema(schema, { root: this.#root, report: () => {}, effort: { schemas: 0 } });
  }

  #expand(schema: Schema, path: string): Plain[] {
    const report: Report = (keyword, reason) => this.report(keyword, reason, path);
    return expandSchema(schema, { root: this.#root, report, effort: this.#grammar.effort });
  }

  /** Takes what cannot be enforced: an error, or left out. */
  report(keyword: string, reason: string, path: string): void {
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

  /** The values that `enum` and `const` leave; undefined without them. */
  valuesOf(plain: Plain, path: string): readonly unknown[] | undefined {
    const expand = (inner: Schema) => this.#expand(inner, path);
    return plain.values?.filter((value) => accepts(value, plain, expand));
  }

  /** @param isWanted Which kinds of values are written. */
  writePlain(plain: Plain, path: string, depth: number, isWanted = (_kind: Kind) => true): Node {
    return this.#at(path, () => {
      const values = this.valuesOf(plain, path)?.filter((value) => isWanted(kindOf(value)));
      if (values !== undefined) return choice(...values.map((value) => text(JSON.stringify(value))));
      const kinds = kindsOf(plain).filter(isWanted);
      return choice(...kinds.map((kind) => this.#writeKind(kind, plain, path, depth)));
    });
  }

  #writeKind(kind: Kind, plain: Plain, path: string, depth: number): Node {
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
        return writeArray(this.#grammar, plain.array, this.#innerOf(path, depth));
      case 'object':
        return writeObject(this.#grammar, plain.object, this.objectTools(path, depth));
    }
  }

  #innerOf(path: string, depth: number): WriteInner {
    return (schema, name) => this.write(schema, `${path}/${name}`, depth + 1);
  }

  /** What the object at this place is written with. */
  objectTools(path: string, depth: number): ObjectTools {
    return {
      inner: this.#innerOf(path, depth),
      report: (keyword, reason) => this.report(keyword, reason, path),
      automatonOf: (pattern) => this.#compile('patternProperties', pattern, path),
    };
  }

  #writeNumber(number: PlainNumber, path: string): Node {
    let multipleOf = 1;
    for (const multiple of number.multiples) {
      // Every whole number is a multiple of a half, a third and so on.
      if (Number.isInteger(multiple)) multipleOf = leastCommonMultiple(multipleOf, multiple);
      else if (!number.isInteger || !Number.isInteger(1 / multiple)) {
        this.report('multipleOf', 'is not a whole number, which cannot be enforced', path);
      }
    }
    return writeNumber(this.#grammar, { ...number, multipleOf });
  }

  #writeString(string: Plain['string'], path: string): Node {
    const rules = this.readString(string, path);
    if (rules === undefined) return NEVER;
    return this.#grammar.share(`string ${keyOf(string)}`, () => writeString(this.#grammar, rules));
  }

  /** The rules on a string; undefined when none fulfils them. */
  readString({ min, max, patterns, formats }: Plain['string'], path: string): StringRules | undefined {
    let limit = max;
    const automata: (Automaton | undefined)[] = patterns.map((pattern) => this.#compile('pattern', pattern, path));
    for (const name of formats) {
      const format = FORMATS.get(name);
      if (format === undefined) this.report('format', `is ${JSON.stringify(name)}, which cannot be enforced`, path);
      else {
        const [automaton, longest] = this.#compileFormat(format, min, max, path);
        automata.push(automaton);
        limit = Math.min(limit, longest);
      }
    }
    const known = automata.filter((automaton) => automaton !== undefined);
    return known.some(isEmpty) ? undefined : { min, max: limit, automata: known };
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
      this.report(keyword, error.message, path);
      return undefined;
    }
  }
}

/** The same text for the same rules. */
export function keyOf({ min, max, patterns, formats }: Plain['string']): string {
  return JSON.stringify({ min, max: String(max), patterns, formats });
}

/** One that says already where. */
class LocatedUnenforceable extends Unenforceable {}

function leastCommonMultiple(left: number, right: number): number {
  let [divisor, rest] = [left, right];
  while (rest !== 0) [divisor, rest] = [rest, divisor % rest];
  return (left / divisor) * right;
}
