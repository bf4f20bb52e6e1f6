/** How long prompts and answers are: always the same, evenly between two lengths, or as real ones are spread. */
import { fromQuantiles } from '@plumb/client/plan';
import type { Random } from './seeds.js';

/** Lengths in tokens. `lognormal` by its median and its 95th percentile, which is how the lengths of real traffic look. */
export type TokenLengths =
  | { readonly kind: 'fixed'; readonly tokens: number }
  | { readonly kind: 'uniform'; readonly least: number; readonly most: number }
  | { readonly kind: 'lognormal'; readonly p50: number; readonly p95: number };

/** The longest length that is drawn or taken, in tokens. */
export const LENGTH_TOKENS_MAX = 1_000_000;

/** Reads `500`, `100-900` or `500,2000`. @throws RangeError with a sentence for people. */
export function readTokenLengths(text: string): TokenLengths {
  const [, first = '', sign, second = ''] = /^(\d{1,7})(?:([-,])(\d{1,7}))?$/.exec(text.trim()) ?? [];
  const [least, most] = [Number(first), Number(second)];
  const isPair = sign !== undefined;
  if (first === '' || least < 1 || Math.max(least, most) > LENGTH_TOKENS_MAX) throw new RangeError(FORMS);
  if (!isPair) return { kind: 'fixed', tokens: least };
  if (most < least) throw new RangeError(`Its second number must not be smaller than its first. ${FORMS}`);
  return sign === '-' ? { kind: 'uniform', least, most } : { kind: 'lognormal', p50: least, p95: most };
}

const FORMS = `It must be tokens, such as 500, 100-900 (evenly), or 500,2000 (median and 95th percentile), up to ${LENGTH_TOKENS_MAX}.`;

/** Draws a length, from 1 on. */
export function drawTokens(lengths: TokenLengths, random: Random): number {
  if (lengths.kind === 'fixed') return lengths.tokens;
  if (lengths.kind === 'uniform') {
    return lengths.least + Math.floor(random() * (lengths.most - lengths.least + 1));
  }
  const { quantile } = fromQuantiles(lengths.p50, lengths.p95);
  return Math.min(LENGTH_TOKENS_MAX, Math.max(1, Math.round(quantile(random()))));
}

/** The form that was read, for people and reports. */
export function describeLengths(lengths: TokenLengths): string {
  if (lengths.kind === 'fixed') return `${lengths.tokens}`;
  if (lengths.kind === 'uniform') return `${lengths.least} to ${lengths.most}, evenly`;
  return `p50 ${lengths.p50}, p95 ${lengths.p95} (lognormal)`;
}
