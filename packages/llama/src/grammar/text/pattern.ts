/** The regular expressions that are understood: what a `pattern` becomes when it is read. */
import type { Range } from '../node.js';

/** A regular expression over code points. */
export type Pattern =
  | { readonly kind: 'class'; readonly ranges: readonly Range[] }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'repeat'; readonly part: Pattern; readonly min: number; readonly max: number };
