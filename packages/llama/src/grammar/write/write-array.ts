/** Arrays: a prefix, and items after it. */
import type { Grammar } from '../grammar.js';
import { NEVER, type Node } from '../node.js';
import type { PlainArray } from '../schema/plain.js';
import type { WriteInner } from '../schema/schema-compiler.js';
import { writeList } from './write-list.js';

export function writeArray(grammar: Grammar, { prefix, items, min, max }: PlainArray, inner: WriteInner): Node {
  if (max < min) return NEVER;
  // Beyond a prefix nothing is written that the schema does not speak of.
  const isOpen = items !== false && (items !== undefined || prefix.length === 0 || min > prefix.length);
  const parts = prefix.slice(0, max).map((schema, place) => ({
    node: inner(schema, `prefixItems/${place}`),
    isRequired: place < min,
  }));
  const left = isOpen ? max - parts.length : 0;
  const node = left > 0 ? inner(items ?? true, 'items') : NEVER;
  const rest = { node, min: Math.max(min - parts.length, 0), max: left };
  return writeList(grammar, { parts, isPositional: true, rest, brackets: ['[', ']'] });
}
