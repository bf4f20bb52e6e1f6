/** What grammars are made of, before they are written as GBNF. */

/** Code points from `first` to `last`, both among them. */
export type Range = readonly [first: number, last: number];

/** A piece of a grammar. A choice without alternatives matches nothing, a sequence without parts the empty text. */
export type Node =
  | { readonly kind: 'text'; readonly text: string }
  /** A text that is one token where the vocabulary has it as a special one. */
  | { readonly kind: 'marker'; readonly text: string }
  | { readonly kind: 'class'; readonly ranges: readonly Range[] }
  | { readonly kind: 'sequence'; readonly nodes: readonly Node[] }
  | { readonly kind: 'choice'; readonly nodes: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly min: number; readonly max: number }
  | { readonly kind: 'rule'; readonly name: string };

/** Matches the empty text. */
export const EMPTY: Node = { kind: 'sequence', nodes: [] };

/** Matches nothing, not even the empty text. */
export const NEVER: Node = { kind: 'choice', nodes: [] };

export function isNever(node: Node): boolean {
  return node.kind === 'choice' && node.nodes.length === 0;
}

export function text(value: string): Node {
  return value === '' ? EMPTY : { kind: 'text', text: value };
}

/** A text that must be the token of this name where there is one. */
export function marker(value: string): Node {
  return { kind: 'marker', text: value };
}

/** Any one of these code points. */
export function oneOf(...ranges: readonly Range[]): Node {
  return ranges.length === 0 ? NEVER : { kind: 'class', ranges };
}

/** One after the other. */
export function sequence(...nodes: readonly Node[]): Node {
  if (nodes.some(isNever)) return NEVER;
  const flat = nodes.flatMap((node) => (node.kind === 'sequence' ? node.nodes : [node]));
  return flat.length === 1 ? flat[0]! : { kind: 'sequence', nodes: flat };
}

/** One of several. */
export function choice(...nodes: readonly Node[]): Node {
  const flat = nodes.flatMap((node) => (node.kind === 'choice' ? node.nodes : [node]));
  return flat.length === 1 ? flat[0]! : { kind: 'choice', nodes: flat };
}

export function optional(node: Node): Node {
  return isNever(node) ? EMPTY : choice(node, EMPTY);
}

/** @param max Infinity for no end. */
export function repeat(node: Node, min: number, max: number): Node {
  if (isNever(node)) return min === 0 ? EMPTY : NEVER;
  if (max < min) return NEVER;
  if (max === 0) return EMPTY;
  return min === 1 && max === 1 ? node : { kind: 'repeat', node, min, max };
}
