/** Reads the text of a configuration file, and finds everything in it that is not a setting, with its place. */
import { Check } from 'typebox/schema';
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { findDuplicateNames } from '../catalog/model-entry.js';
import { nearestName } from './nearest-name.js';
import { describeAllowed, holdsSecret, isGroup, listPaths, propertyOf, type SchemaNode } from './schema-node.js';

/** What a configuration file says, defaults not filled in. */
export interface FileSettings {
  /** Only keys of the schema with values that it allows; complete only when there are no problems. */
  readonly values: Record<string, unknown>;
  /** One sentence each, with `label:line:column`. */
  readonly problems: readonly string[];
}

/** The longest piece of a wrong value that a message repeats, in characters. */
const QUOTED_CHARACTERS_MAX = 40;

/** Reads YAML text against a schema. `label` is how messages call the file. Never throws. */
export function readSettings(text: string, label: string, schema: SchemaNode): FileSettings {
  return new SettingsReader(text, label, schema).read();
}

type YamlNode = Node | null | undefined;

class SettingsReader {
  readonly #text: string;
  readonly #label: string;
  readonly #schema: SchemaNode;
  readonly #lines = new LineCounter();
  readonly #document: ReturnType<typeof parseDocument>;
  readonly #problems: { offset: number; text: string }[] = [];

  constructor(text: string, label: string, schema: SchemaNode) {
    this.#text = text;
    this.#label = label;
    this.#schema = schema;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
  }

  read(): FileSettings {
    const { contents, errors, warnings } = this.#document;
    for (const { pos, message, code } of [...errors, ...warnings]) {
      this.#report(
        pos[0],
        code === 'DUPLICATE_KEY' ? this.#describeDuplicateKey(pos[0]) : `not valid YAML: ${withoutSource(message)}`,
      );
    }
    const values = isEmpty(contents) ? {} : this.#readGroup(contents, this.#schema, '');
    return { values: values ?? {}, problems: this.#sortedProblems() };
  }

  #describeDuplicateKey(offset: number): string {
    const key = /^[\w-]+/.exec(this.#text.slice(offset, offset + QUOTED_CHARACTERS_MAX))?.[0];
    return key === undefined ? 'a key is there twice' : `duplicate key \`${key}\``;
  }

  #readNode(node: YamlNode, schema: SchemaNode, path: string, parent: number): unknown {
    const target = isAlias(node) ? node.resolve(this.#document) : node;
    const offset = node?.range?.[0] ?? parent;
    if (isGroup(schema)) return isEmpty(target) ? {} : this.#readGroup(target, schema, path, offset);
    if (schema.items !== undefined) return this.#readList(target, schema, path, offset);
    const value = isScalar(target) ? target.value : target;
    if (isScalar(target) && Check(schema, value)) return value;
    this.#reportValue(offset, path, schema, target);
    return undefined;
  }

  #readGroup(node: YamlNode, schema: SchemaNode, path: string, parent = 0): Record<string, unknown> | undefined {
    const offset = node?.range?.[0] ?? parent;
    if (!isMap(node) || node.items.length > (schema.maxProperties ?? Number.POSITIVE_INFINITY)) {
      if (path === '') this.#report(offset, 'the file must be a group of keys such as `port: 8080`');
      else this.#reportValue(offset, path, schema, node);
      return undefined;
    }
    const values: Record<string, unknown> = {};
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const key = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
      const keyOffset = pair.key?.range?.[0] ?? offset;
      const property = propertyOf(schema, key);
      if (property === undefined) this.#reportUnknownKey(keyOffset, key, schema, path);
      else if (!Object.hasOwn(values, key))
        values[key] = this.#readNode(pair.value, property, join(path, key), keyOffset);
    }
    this.#reportMissing(offset, values, schema, path);
    return values;
  }

  #readList(node: YamlNode, schema: SchemaNode, path: string, offset: number): unknown[] | undefined {
    const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
    if (!isSeq(node) || node.items.length < minItems || node.items.length > maxItems) {
      this.#reportValue(offset, path, schema, node);
      return undefined;
    }
    const values = node.items.map((item, index) =>
      this.#readNode(item as YamlNode, schema.items!, `${path}[${index}]`, offset),
    );
    if (path === 'models') this.#reportDuplicateModels(node.items as Node[], values);
    return values;
  }

  #reportDuplicateModels(nodes: readonly Node[], values: readonly unknown[]): void {
    const models = values.map((value) => {
      const { id, aliases } = (value ?? {}) as { id?: string; aliases?: string[] };
      return { id: id ?? '', aliases: aliases ?? [] };
    });
    for (const { name, model, alias, takenBy } of findDuplicateNames(models)) {
      if (name === '') continue;
      const keys = alias === undefined ? ['id'] : ['aliases', alias];
      const node = this.#nodeAt(nodes[model], keys);
      const path = alias === undefined ? `models[${model}].id` : `models[${model}].aliases[${alias}]`;
      this.#report(node?.range?.[0] ?? 0, `duplicate model name \`${name}\` (\`${path}\`, taken by \`${takenBy}\`)`);
    }
  }

  #nodeAt(node: YamlNode, keys: readonly (string | number)[]): YamlNode {
    const target = isAlias(node) ? node.resolve(this.#document) : node;
    return isMap(target) ? (target.getIn(keys, true) as YamlNode) : target;
  }

  #reportMissing(offset: number, values: object, schema: SchemaNode, path: string): void {
    for (const key of schema.required ?? []) {
      const needed = schema.properties?.[key];
      if (needed?.default !== undefined || Object.hasOwn(values, key)) continue;
      this.#report(offset, `\`${join(path, key)}\` is missing`);
    }
  }

  #reportUnknownKey(offset: number, key: string, schema: SchemaNode, path: string): void {
    const meant = nearestName(key, Object.keys(schema.properties ?? {}));
    const elsewhere =
      schema.keys === undefined
        ? listPaths(this.#schema)
            .filter((candidate) => candidate.split('.').at(-1) === key)
            .sort((one, other) => one.split('.').length - other.split('.').length)[0]
        : undefined;
    const suggestion = meant === undefined ? elsewhere : join(path, meant);
    const allowed = schema.keys === undefined ? '' : `; its keys are ${schema.keys}`;
    const question = suggestion === undefined ? allowed : `; did you mean \`${suggestion}\`?`;
    this.#report(offset, `unknown key \`${join(path, quote(key))}\``, question);
  }

  #reportValue(offset: number, path: string, schema: SchemaNode, node: YamlNode): void {
    const found = holdsSecret(schema) ? 'what it is' : describeFound(node, schema);
    const nearest = isScalar(node) ? nearestName(String(node.value), (schema.enum ?? []).map(String)) : undefined;
    const question = nearest === undefined ? '' : `; did you mean \`${nearest}\`?`;
    this.#report(offset, `\`${path}\` must be ${describeAllowed(schema)}, not ${found},`, question);
  }

  #report(offset: number, text: string, question = ''): void {
    const { line, col } = this.#lines.linePos(offset);
    this.#problems.push({ offset, text: `${text} at ${this.#label}:${line}:${col}${question}` });
  }

  #sortedProblems(): string[] {
    return this.#problems.sort((left, right) => left.offset - right.offset).map(({ text }) => text);
  }
}

function isEmpty(node: YamlNode): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null);
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function describeFound(node: YamlNode, { maxProperties }: SchemaNode): string {
  if (isMap(node)) return maxProperties === undefined ? 'a group of keys' : `a group of ${node.items.length} keys`;
  return isSeq(node) ? describeList(node.items.length) : quoteScalar(node);
}

function describeList(length: number): string {
  return length === 0 ? 'an empty list' : `a list of ${length}`;
}

function quoteScalar(node: YamlNode): string {
  if (isEmpty(node)) return 'nothing';
  const value = isScalar(node) ? node.value : node;
  return typeof value === 'string' ? `"${quote(value)}"` : quote(String(value));
}

/** The message of the YAML library without what it repeats of the file; the place says enough. */
function withoutSource(message: string): string {
  return message
    .replace(/(?<=\S): .*$/s, '')
    .replace(/^(Unknown directive|Unsupported YAML version|Invalid escape sequence) .*$/s, '$1')
    .replace(/^The .* tag has/s, 'The tag has')
    .replace(/^(Verbatim tags aren't resolved), .*$/s, '$1')
    .replace(/^.* used for (\w+ collection), .*$/s, 'This tag is not for a $1');
}

/**
 * A piece of the configuration in a message: short, without what a terminal would act on, and without addresses, which may
 * hold a password and have ended up where they should not be.
 */
export function quote(text: string): string {
  const clean = text.replace(/\p{C}/gu, '\u{FFFD}').replace(/:\/\/.*/g, '://…');
  return clean.length > QUOTED_CHARACTERS_MAX ? `${clean.slice(0, QUOTED_CHARACTERS_MAX)}…` : clean;
}
