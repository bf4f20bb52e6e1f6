/** How characters are written inside a JSON string, as pieces of a grammar. */
import type { Grammar } from '../grammar.js';
import { choice, type Node, oneOf, type Range, sequence, text } from '../node.js';
import { intersect } from '../text/code-points.js';

export const QUOTE = text('"');

/** What a JSON string contains as it is: all but quotes, backslashes and control characters. */
const PLAIN: readonly Range[] = [
  [0x20, 0x21],
  [0x23, 0x5b],
  [0x5d, 0xd7ff],
  [0xe000, 0x10ffff],
];

const HEXADECIMAL: readonly Range[] = [
  [0x30, 0x39],
  [0x41, 0x46],
  [0x61, 0x66],
];
const LETTER_D: readonly Range[] = [
  [0x44, 0x44],
  [0x64, 0x64],
];

/** The short escapes of control characters, by code. */
const SHORT_ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
]);

/** One character of a string in any of its forms. Halves of surrogate pairs are written in pairs alone. */
export function anyCharacter(grammar: Grammar): Node {
  return grammar.share('character', () => {
    const digit = oneOf(...HEXADECIMAL);
    const digits = (count: number) => sequence(...Array.from({ length: count }, () => digit));
    const notD = oneOf([0x30, 0x39], [0x41, 0x43], [0x45, 0x46], [0x61, 0x63], [0x65, 0x66]);
    const unicode = choice(
      sequence(notD, digits(3)),
      sequence(oneOf(...LETTER_D), oneOf([0x30, 0x37]), digits(2)),
      sequence(
        oneOf(...LETTER_D),
        oneOf([0x38, 0x39], [0x41, 0x42], [0x61, 0x62]),
        digits(2),
        text('\\u'),
        oneOf(...LETTER_D),
        oneOf([0x43, 0x46], [0x63, 0x66]),
        digits(2),
      ),
    );
    const signs = oneOf(...Array.from('"\\/bfnrt', (sign): Range => [sign.charCodeAt(0), sign.charCodeAt(0)]));
    return choice(oneOf(...PLAIN), sequence(text('\\'), choice(signs, sequence(text('u'), unicode))));
  });
}

/**
 * One of some characters, each in one form only: as it is where JSON allows that, else in its short escape. A control
 * character without one is written by number if nothing else would be left.
 */
export function characterOf(ranges: readonly Range[]): Node {
  const plain = intersect(ranges, PLAIN);
  const escaped = [...SHORT_ESCAPES].filter(([code]) => ranges.some(([first, last]) => first <= code && code <= last));
  const nodes = [oneOf(...plain), ...escaped.map(([, written]) => text(written))];
  const written = choice(...nodes.filter((node) => node.kind !== 'choice'));
  return written.kind === 'choice' && written.nodes.length === 0 ? choice(...controlCodes(ranges).map(text)) : written;
}

function controlCodes(ranges: readonly Range[]): string[] {
  const codes: string[] = [];
  for (const [first, last] of ranges) {
    for (let code = first; code <= Math.min(last, 0x1f); code++) codes.push(`\\u${code.toString(16).padStart(4, '0')}`);
  }
  return codes;
}
