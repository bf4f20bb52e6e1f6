/**
 * The tags of DeepSeek's tool markup, in all forms in which they have been seen to leak: V3 and V3.1 name their tokens
 * `<｜tool▁call▁begin｜>` and so on; V3.2 and V4 write `<｜DSML｜invoke …>`, with bars of several kinds and numbers.
 */
import { THINK_CLOSING } from '@plumb/wire';

/** The bars: U+FF5C, U+2016 and the one of ASCII. Low lines: U+2581 and the one of ASCII. */
const BAR = '[|｜‖]';
const BARS = `${BAR}{1,4}`;
const LOW_LINE = '[▁_]';
/** What a tag has beside its name: no tag is longer than `TAG_CHARACTERS_MAX`. */
const ATTRIBUTES = '[^<>]{0,400}';

/** A whole tag at the beginning of a text. */
const DSML_TAG = new RegExp(
  `^<(?<closing>/?)${BARS}DSML${BARS} ?(?<word>tool_calls|function_calls|calls|invoke|parameter)\\b(?<attributes>${ATTRIBUTES})>`,
);
const TOOL_TOKEN = new RegExp(`^<${BAR}tool${LOW_LINE}call(?<plural>s?)${LOW_LINE}(?<edge>begin|end)${BAR}>`);
const END_OF_SENTENCE = new RegExp(`^<${BAR}end${LOW_LINE}of${LOW_LINE}sentence${BAR}>`);

/** Ends what a call of each form holds, wherever it is. The marks of other calls end it too: models forget to close. */
export const DSML_CALL_END = new RegExp(
  `<(?:/${BARS}DSML${BARS} ?(?:invoke|tool_calls|function_calls|calls)\\s*|${BARS}DSML${BARS} ?invoke\\b${ATTRIBUTES})>`,
);
export const TOKEN_CALL_END = new RegExp(
  `<${BAR}tool${LOW_LINE}call(?:${LOW_LINE}end|s${LOW_LINE}end|${LOW_LINE}begin)${BAR}>`,
);

/** A parameter of a DSML call, with its value up to the closing tag, or to the end when there is none. */
export const DSML_PARAMETER = new RegExp(
  `<${BARS}DSML${BARS} ?parameter\\b(?<attributes>[^<>]*)>(?<value>.*?)(?<end></?${BARS}DSML${BARS} ?parameter\\s*>|(?=<${BARS}DSML${BARS} ?parameter\\b)|$)`,
  'gs',
);
/** Between name and arguments of a call in tokens. */
export const TOOL_SEPARATOR = new RegExp(`<${BAR}tool${LOW_LINE}sep${BAR}>`);

/** The longest tag, in characters: more cannot become one. */
export const TAG_CHARACTERS_MAX = 512;

/** A tag that was found. `drop`: it says nothing by itself. */
export type Tag =
  | { readonly kind: 'drop'; readonly length: number }
  | { readonly kind: 'dsml-call'; readonly length: number; readonly attributes: string }
  | { readonly kind: 'token-call'; readonly length: number };

/**
 * What a text that begins with `<` begins with: a tag, what can still become one, or neither. The end of a think block
 * counts only where `withThinkClosing` says so.
 */
export function readTag(text: string, withThinkClosing: boolean): Tag | 'unfinished' | undefined {
  const dsml = DSML_TAG.exec(text);
  if (dsml?.groups) {
    const { closing, word, attributes = '' } = dsml.groups;
    const opensCall = word === 'invoke' && closing === '' && attributes.includes('name');
    return opensCall
      ? { kind: 'dsml-call', length: dsml[0].length, attributes }
      : { kind: 'drop', length: dsml[0].length };
  }
  const token = TOOL_TOKEN.exec(text);
  if (token?.groups) {
    const opensCall = token.groups.plural === '' && token.groups.edge === 'begin';
    return { kind: opensCall ? 'token-call' : 'drop', length: token[0].length };
  }
  const other = END_OF_SENTENCE.exec(text);
  if (other !== null) return { kind: 'drop', length: other[0].length };
  if (withThinkClosing && text.startsWith(THINK_CLOSING)) return { kind: 'drop', length: THINK_CLOSING.length };
  const isUnfinished = canBecomeTag(text) || (withThinkClosing && THINK_CLOSING.startsWith(text));
  return isUnfinished ? 'unfinished' : undefined;
}

function canBecomeTag(text: string): boolean {
  return text.length <= TAG_CHARACTERS_MAX && BEGINNINGS.some((beginning) => beginning.test(text));
}

/** For each tag, what matches every beginning of it and nothing else. */
const BEGINNINGS = [
  ...['tool_calls', 'function_calls', 'calls', 'invoke', 'parameter'].map((word) =>
    beginningOf([
      '<',
      '/?',
      BAR,
      `${BAR}?`,
      `${BAR}?`,
      `${BAR}?`,
      ...'DSML',
      BAR,
      `${BAR}?`,
      `${BAR}?`,
      `${BAR}?`,
      ' ?',
      ...word,
      '[^<>]*',
    ]),
  ),
  beginningOf(['<', BAR, ...'tool', LOW_LINE, ...'call', 's?', LOW_LINE, ...'begin', BAR]),
  beginningOf(['<', BAR, ...'tool', LOW_LINE, ...'call', 's?', LOW_LINE, ...'end', BAR]),
  beginningOf(['<', BAR, ...'end', LOW_LINE, ...'of', LOW_LINE, ...'sentence', BAR]),
];

/** A pattern of which each element may be the last one that is there. */
function beginningOf(elements: readonly string[]): RegExp {
  return new RegExp(`^${elements.reduceRight((rest, element) => `(?:$|${element}${rest})`, '$')}`);
}
