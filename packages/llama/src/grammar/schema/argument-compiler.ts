/**
 * From the schema of an object to the rules that write its properties one by one, each in tags of its own: strings as they
 * are, all other values as JSON.
 */
import { choice, EMPTY, isNever, NEVER, type Node, optional, sequence, text } from '../node.js';
import { type Automaton, intersection, prune } from '../text/automaton.js';
import { Unenforceable } from '../unenforceable.js';
import { writeRest } from '../write/write-list.js';
import { countOthers, findOthers, limitLength } from '../write/write-object.js';
import { writeRawText } from '../write/write-raw-text.js';
import { writeAutomaton } from '../write/write-string.js';
import { accepts } from './accepts.js';
import { kindsOf } from './excludes.js';
import { ANYTHING, type Plain, type PlainObject, propertySchemas } from './plain.js';
import { allOf, isRecord, kindOf, type Schema } from './schema.js';
import { type CompilerOptions, keyOf, SchemaCompiler } from './schema-compiler.js';

/** How a property is written. */
export interface ArgumentLayout {
  /** A property with its value, which is a string as it is or JSON. */
  write(name: Node, value: Node, isText: boolean): Node;
  /** What a string cannot contain. */
  readonly textEnd: string;
  /** Whether `write` tells the two kinds of values apart. */
  readonly tellsKind: boolean;
}

/** `either`: what is written has to be looked at to know whether it is a string. */
export type ArgumentKind = 'text' | 'json' | 'either';

/** How the values of properties are to be read. */
export interface ArgumentKinds {
  /** How the value of a property is written, where the layout does not tell. */
  kindOf(name: string): ArgumentKind;
  /** Whether a text of the kind `either` is the JSON of a value that the schema allows; otherwise it is a string. */
  isJson(name: string, written: string): boolean;
}

export interface CompiledArguments extends ArgumentKinds {
  readonly node: Node;
}

/** @throws Unenforceable as `compileSchema`. */
export function compileArguments(root: Schema, options: CompilerOptions, layout: ArgumentLayout): CompiledArguments {
  return new ArgumentCompiler(root, options, layout).compile();
}

const ROOT = '#';

class ArgumentCompiler {
  readonly #options: CompilerOptions;
  readonly #layout: ArgumentLayout;
  readonly #compiler: SchemaCompiler;
  readonly #objects: readonly PlainObject[];
  /** All names that are declared anywhere. */
  readonly #names: readonly string[];

  constructor(root: Schema, options: CompilerOptions, layout: ArgumentLayout) {
    this.#options = options;
    this.#layout = layout;
    this.#compiler = new SchemaCompiler(root, options);
    this.#objects = this.#compiler.plainsOf(root, ROOT).flatMap((plain) => this.#objectsOf(plain));
    this.#names = [...new Set(this.#objects.flatMap(declaredNames))];
  }

  compile(): CompiledArguments {
    const nodes = this.#objects.map((object) => this.#writeObject(object));
    return {
      node: choice(...nodes),
      kindOf: (name) => this.#kindOf(name),
      isJson: (name, written) => this.#isJson(name, written),
    };
  }

  /** Given objects are written like objects whose properties have one value each. */
  #objectsOf(plain: Plain): PlainObject[] {
    const values = this.#compiler.valuesOf(plain, ROOT);
    if (values === undefined) return kindsOf(plain).includes('object') ? [plain.object] : [];
    return values.filter(isRecord).map((value) => {
      const properties = new Map(
        Object.entries(value).map(([name, item]): [string, Schema] => [name, { const: item }]),
      );
      return { ...ANYTHING.object, properties, required: new Set(properties.keys()), isClosed: true };
    });
  }

  #writeObject(object: PlainObject): Node {
    const parts = declaredNames(object).flatMap((name) => {
      const schema = allOf(propertySchemas(object, name));
      const isRequired = object.required.has(name);
      if (!isRequired && (schema === false || !isWritable(name))) return [];
      return [{ node: this.#writeDeclared(name, schema), isRequired }];
    });
    const others = this.#writeOthers(object);
    const report = (keyword: string, reason: string) => this.#compiler.report(keyword, reason, ROOT);
    const { min, max } = countOthers(object, parts, others, report);
    const written = parts.map(({ node, isRequired }) => (isRequired ? node : optional(node)));
    return sequence(...written, writeRest(this.#options.grammar, others, min, max));
  }

  #writeDeclared(name: string, schema: Schema): Node {
    if (!isWritable(name)) {
      throw new Unenforceable(`\`required\` at ${ROOT} names ${JSON.stringify(name)}, which has no place in a tag`);
    }
    const kind = this.#layout.tellsKind ? this.#classify(schema) : this.#kindOf(name);
    const node = this.#writeValue(text(name), schema, kind, `${ROOT}/properties/${name}`);
    return isNever(node) ? node : this.#options.grammar.define(node);
  }

  #writeOthers(object: PlainObject): Node {
    const nodes = findOthers(object, this.#names, this.#compiler.objectTools(ROOT, 0)).map(({ names, schema }) => {
      const writable = prune(limitLength(intersection(names, WRITABLE_NAMES)));
      const name = writeAutomaton(this.#options.grammar, writable);
      const isCertain = this.#layout.tellsKind || this.#objects.length === 1;
      const kind = isCertain ? this.#classify(schema) : 'json';
      return this.#writeValue(name, schema, kind, `${ROOT}/additionalProperties`);
    });
    return choice(...nodes);
  }

  #writeValue(name: Node, schema: Schema, kind: ArgumentKind, path: string): Node {
    if (schema === false) return NEVER;
    const { write, tellsKind } = this.#layout;
    if (kind === 'json') return write(name, this.#compiler.write(schema, path, 1), false);
    const plains = this.#compiler.plainsOf(schema, path);
    const asText = choice(...plains.map((plain) => this.#writeText(plain, path)));
    if (kind === 'text') return write(name, asText, true);
    const asJson = choice(
      ...plains.map((plain) => this.#compiler.writePlain(plain, path, 1, (inner) => inner !== 'string')),
    );
    if (!tellsKind) return write(name, choice(asText, asJson), true);
    return choice(write(name, asText, true), write(name, asJson, false));
  }

  /** The strings of a schema as they are. */
  #writeText(plain: Plain, path: string): Node {
    const { textEnd } = this.#layout;
    const values = this.#compiler.valuesOf(plain, path);
    if (values !== undefined) {
      const texts = values.filter((value) => typeof value === 'string' && !value.includes(textEnd)) as string[];
      return choice(...texts.map((value) => (value === '' ? EMPTY : text(value))));
    }
    if (!kindsOf(plain).includes('string')) return NEVER;
    const rules = this.#compiler.readString(plain.string, path);
    if (rules === undefined) return NEVER;
    const { grammar } = this.#options;
    return grammar.share(`text ${keyOf(plain.string)}`, () => writeRawText(grammar, rules, textEnd));
  }

  /**
   * Where several objects are allowed, a reader does not know which one it reads. Then a property is only written as text
   * when it is text in all of them.
   */
  #kindOf(name: string): ArgumentKind {
    const [first, ...rest] = this.#objects.map((object) => this.#classify(this.#schemaOf(object, name)));
    if (first === undefined || rest.length === 0) return first ?? 'json';
    return this.#names.includes(name) && [first, ...rest].every((kind) => kind === 'text') ? 'text' : 'json';
  }

  #schemaOf(object: PlainObject, name: string): Schema {
    return allOf(propertySchemas(object, name));
  }

  #classify(schema: Schema): ArgumentKind {
    const plains = this.#compiler.lookUp(schema);
    const kinds = plains.flatMap((plain) => plain.values?.map(kindOf) ?? kindsOf(plain));
    if (!kinds.includes('string')) return 'json';
    return kinds.every((kind) => kind === 'string') ? 'text' : 'either';
  }

  #isJson(name: string, written: string): boolean {
    const value = tryParse(written);
    if (value === undefined || typeof value === 'string') return false;
    const expand = (schema: Schema) => this.#compiler.lookUp(schema);
    return this.#objects.some((object) =>
      expand(this.#schemaOf(object, name)).some(
        (plain) =>
          (plain.values !== undefined || kindsOf(plain).includes(kindOf(value))) && accepts(value, plain, expand),
      ),
    );
  }
}

function declaredNames({ properties, required }: PlainObject): string[] {
  return [...new Set([...properties.keys(), ...required])];
}

/** Names that a tag can say. */
const NAME = /^[^<>"\n\r]+$/;

function isWritable(name: string): boolean {
  return NAME.test(name);
}

/** Names that nobody declared are plain ones. */
const WRITABLE_NAMES: Automaton = [0, 1].map((state) => ({
  accepts: state === 1,
  edges: [
    {
      ranges: [
        [0x2d, 0x2e],
        [0x30, 0x39],
        [0x41, 0x5a],
        [0x5f, 0x5f],
        [0x61, 0x7a],
      ],
      target: 1,
    },
  ],
}));

/** Undefined for what is no JSON, or a number that no double holds. */
function tryParse(written: string): unknown {
  try {
    const value: unknown = JSON.parse(written);
    return typeof value === 'number' && !Number.isFinite(value) ? undefined : value;
  } catch {
    return undefined;
  }
}
