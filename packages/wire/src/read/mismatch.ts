/** Finds where a JSON value first differs from a schema, and says so in the words of Rust's serde. */
import type { PathSegment } from '../json/path.js';
import { shorten } from '../text.js';
import {
  describeExpected,
  describeFound,
  describeVariants,
  kindAllowed,
  kindOf,
  type SchemaNode,
  variantsOf,
} from './expectation.js';

/** The first difference between a value and a schema. */
export interface Mismatch {
  /** From the whole value to the one that differs. Put together on the way back, so that what conforms costs nothing. */
  readonly path: PathSegment[];
  /** What serde says. */
  readonly text: string;
  /** What the message points at: the value at `path`, or the end of it, where a field is missing. */
  readonly at: 'value' | 'end';
}

/** The first difference in the order of the document, or undefined when the value has the shape, whatever its ranges. */
export function findMismatch(schema: SchemaNode, value: unknown): Mismatch | undefined {
  return compareAlternatives(flatten(schema), value);
}

/** All alternatives of a schema, those of its alternatives among them. */
function flatten(node: SchemaNode): SchemaNode[] {
  return node.anyOf === undefined ? [node] : node.anyOf.flatMap(flatten);
}

/** A value is held against the alternatives of its kind alone; among objects their tag decides. */
function compareAlternatives(alternatives: SchemaNode[], value: unknown): Mismatch | undefined {
  const [first] = alternatives;
  if (alternatives.length === 1 && first !== undefined) return compare(first, value);
  const kind = kindOf(value);
  const candidates = alternatives.filter((alternative) => kindAllowed(alternative) === kind);
  const [only] = candidates;
  if (only === undefined) return wrongType(value, describeAlternatives(alternatives));
  return candidates.length === 1 ? compare(only, value) : compareTagged(candidates, value as Record<string, unknown>);
}

/** What several alternatives expect. That null would do too is not said, as serde does not say it of an `Option`. */
function describeAlternatives(alternatives: SchemaNode[]): string {
  const [first, ...others] = alternatives.filter((alternative) => alternative.type !== 'null');
  if (first === undefined) return 'null';
  const tag = others.length === 0 ? undefined : tagOf([first, ...others]);
  return tag === undefined ? [first, ...others].map(describeExpected).join(' or ') : `a map with the field \`${tag}\``;
}

/** Objects of several shapes: the word in their common tag tells which shape is meant. */
function compareTagged(shapes: SchemaNode[], value: Record<string, unknown>): Mismatch | undefined {
  const tag = tagOf(shapes);
  if (tag === undefined) throw new Error('Alternative objects of a schema need a common field with one word each.');
  if (!Object.hasOwn(value, tag)) return missingField(tag);
  const words = shapes.map((shape) => String(shape.properties?.[tag]?.const));
  const mismatch = compareVariant(words, value[tag]);
  if (mismatch !== undefined) return inside(tag, mismatch);
  const meant = shapes[words.indexOf(value[tag] as string)];
  return meant === undefined ? undefined : compare(meant, value);
}

/** The field that is one fixed word in each of the shapes. */
function tagOf(shapes: SchemaNode[]): string | undefined {
  const fields = Object.keys(shapes[0]?.properties ?? {});
  return fields.find((field) => shapes.every((shape) => typeof shape.properties?.[field]?.const === 'string'));
}

/** Holds a value against a schema without alternatives. */
function compare(node: SchemaNode, value: unknown): Mismatch | undefined {
  const variants = variantsOf(node);
  if (variants !== undefined) return compareVariant(variants, value);
  const allowed = kindAllowed(node);
  if (allowed === undefined) return undefined;
  if (kindOf(value) !== allowed) return wrongType(value, describeExpected(node));
  switch (allowed) {
    case 'number':
      return compareNumber(node, value as number);
    case 'array':
      return compareItems(node, value as unknown[]);
    case 'object':
      return compareFields(node, value as Record<string, unknown>);
    default:
      return undefined;
  }
}

function compareVariant(variants: readonly string[], value: unknown): Mismatch | undefined {
  if (typeof value !== 'string') return wrongType(value, describeVariants(variants));
  if (variants.includes(value)) return undefined;
  return {
    path: [],
    text: `unknown variant \`${shorten(value)}\`, expected ${describeVariants(variants)}`,
    at: 'value',
  };
}

function compareNumber(node: SchemaNode, value: number): Mismatch | undefined {
  if (!Number.isFinite(value)) return { path: [], text: 'number out of range', at: 'value' };
  return node.type === 'integer' && !Number.isInteger(value) ? wrongType(value, describeExpected(node)) : undefined;
}

function compareItems(node: SchemaNode, items: unknown[]): Mismatch | undefined {
  if (node.items === undefined) return undefined;
  const alternatives = flatten(node.items);
  for (const [index, item] of items.entries()) {
    const mismatch = compareAlternatives(alternatives, item);
    if (mismatch !== undefined) return inside(index, mismatch);
  }
  return undefined;
}

/** Fields in the order in which they were sent, then those that were not; unknown ones pass. */
function compareFields(node: SchemaNode, value: Record<string, unknown>): Mismatch | undefined {
  const properties = node.properties ?? {};
  for (const key of Object.keys(value)) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const mismatch = property === undefined ? undefined : compareAlternatives(flatten(property), value[key]);
    if (mismatch !== undefined) return inside(key, mismatch);
  }
  const missing = node.required?.find((key) => !Object.hasOwn(value, key));
  return missing === undefined ? undefined : missingField(missing);
}

function inside(segment: PathSegment, mismatch: Mismatch): Mismatch {
  mismatch.path.unshift(segment);
  return mismatch;
}

function wrongType(value: unknown, expected: string): Mismatch {
  return { path: [], text: `invalid type: ${describeFound(value)}, expected ${expected}`, at: 'value' };
}

function missingField(field: string): Mismatch {
  return { path: [], text: `missing field \`${field}\``, at: 'end' };
}
