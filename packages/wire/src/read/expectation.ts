/** The vocabulary of serde: what was found, and what was expected of a schema. */
import { shorten } from '../text.js';

/** As much of JSON Schema as the shapes of this package use; ranges are not shapes and have no place here. */
export interface SchemaNode {
  readonly type?: string;
  readonly title?: string;
  readonly format?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
}

/** The kinds of value that JSON has. */
type JsonKind = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object';

/** What kind of JSON value this is. */
export function kindOf(value: unknown): JsonKind {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  const type = typeof value;
  return type === 'boolean' || type === 'number' || type === 'string' ? type : 'object';
}

/** The kind of value that a schema without alternatives allows, or undefined when it allows all. */
export function kindAllowed(node: SchemaNode): JsonKind | undefined {
  if (node.enum !== undefined) return 'string';
  return node.type === 'integer' ? 'number' : (node.type as JsonKind | undefined);
}

/** The allowed words of a schema that is one word or one of several. */
export function variantsOf(node: SchemaNode): readonly string[] | undefined {
  if (node.enum !== undefined) return node.enum.map(String);
  return typeof node.const === 'string' ? [node.const] : undefined;
}

/** What a schema expects, such as `a boolean`, `u32`, `struct ThinkingOptions`, or the words that it allows. */
export function describeExpected(node: SchemaNode): string {
  const variants = variantsOf(node);
  if (variants !== undefined) return describeVariants(variants);
  switch (node.type) {
    case 'string':
      return 'a string';
    case 'boolean':
      return 'a boolean';
    case 'integer':
      return node.format === 'int64' ? 'i64' : 'u32';
    case 'number':
      return 'f32';
    case 'array':
      return 'a sequence';
    default:
      return node.title === undefined ? 'a map' : `struct ${node.title}`;
  }
}

/** The allowed words: `` `a` ``, `` `a` or `b` ``, `` one of `a`, `b`, `c` ``. */
export function describeVariants(variants: readonly string[]): string {
  const quoted = variants.map((variant) => `\`${variant}\``);
  return quoted.length <= 2 ? quoted.join(' or ') : `one of ${quoted.join(', ')}`;
}

/** What was found, such as `null`, `integer \`5\``, `string "x"`, `map`. */
export function describeFound(value: unknown): string {
  switch (typeof value) {
    case 'boolean':
      return `boolean \`${value}\``;
    case 'number':
      return describeNumber(value);
    case 'string':
      return `string ${quote(shorten(value))}`;
    default:
      if (value === null || value === undefined) return 'null';
      return Array.isArray(value) ? 'sequence' : 'map';
  }
}

/** Whole numbers beyond 64 bits are floating point to serde. */
const INTEGER_LIMIT = 2 ** 64;

function describeNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < INTEGER_LIMIT) return `integer \`${BigInt(value)}\``;
  return `floating point \`${String(value).replace('e+', 'e')}\``;
}

/** A string as Rust quotes it, which differs from JSON in how it writes control characters. */
function quote(text: string): string {
  return JSON.stringify(text).replace(/\\(?:u([0-9a-f]{4})|([bf])|.)/g, (whole, code, letter) => {
    if (letter !== undefined) return letter === 'b' ? '\\u{8}' : '\\u{c}';
    if (code === undefined) return whole;
    return code === '0000' ? '\\0' : `\\u{${Number.parseInt(code, 16).toString(16)}}`;
  });
}
