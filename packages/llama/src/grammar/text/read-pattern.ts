/**
 * Reads a regular expression as JSON Schema means it: ECMA-262 with Unicode, found anywhere in the text unless it is
 * anchored. What no finite automaton knows (look-around, back references, word borders) is refused.
 */
import { PATTERN_CHARACTERS_MAX } from '../limits.js';
import type { Range } from '../node.js';
import { Unenforceable } from '../unenforceable.js';
import { ALL_CODE_POINTS, complement, unite } from './code-points.js';
import type { Pattern } from './pattern.js';

/**
 * Reads an expression into one that matches whole texts.
 *
 * @throws Unenforceable when it has something that is not understood.
 */
export function readPattern(source: string): Pattern {
  if (source.length > PATTERN_CHARACTERS_MAX)
    throw new Unenforceable(`has more than ${PATTERN_CHARACTERS_MAX} characters`);
  try {
    new RegExp(source, 'u');
  } catch {
    throw new Unenforceable('is no regular expression');
  }
  const reader = new PatternReader(source);
  const pattern = reader.readChoice(true);
  if (!reader.isAtEnd) throw new Unenforceable('is no regular expression');
  return pattern;
}

const ANYTHING: Pattern = {
  kind: 'repeat',
  part: { kind: 'class', ranges: ALL_CODE_POINTS },
  min: 0,
  max: Number.POSITIVE_INFINITY,
};

const DIGITS: readonly Range[] = [[0x30, 0x39]];
const WORD: readonly Range[] = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
const SPACE: readonly Range[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const LINE_ENDS: readonly Range[] = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
];

const CLASS_ESCAPES: Readonly<Record<string, readonly Range[]>> = {
  d: DIGITS,
  w: WORD,
  s: SPACE,
  D: complement(DIGITS),
  W: complement(WORD),
  S: complement(SPACE),
};

const CONTROL_ESCAPES: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, '0': 0 };

class PatternReader {
  readonly #source: readonly string[];
  #place = 0;

  constructor(source: string) {
    this.#source = Array.from(source);
  }

  get isAtEnd(): boolean {
    return this.#place === this.#source.length;
  }

  /** @param isWhole Whether this is the expression itself, in which anchors have a meaning. */
  readChoice(isWhole: boolean): Pattern {
    const parts = [this.#readSequence(isWhole)];
    while (this.#take('|')) parts.push(this.#readSequence(isWhole));
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
  }

  #readSequence(isWhole: boolean): Pattern {
    const parts: Pattern[] = [];
    if (isWhole && !this.#take('^')) parts.push(ANYTHING);
    while (!this.isAtEnd && this.#next !== '|' && this.#next !== ')') {
      if (this.#next === '$' && isWhole && this.#endsSequence(1)) {
        this.#place++;
        return { kind: 'sequence', parts };
      }
      parts.push(this.#readRepeat());
    }
    if (isWhole) parts.push(ANYTHING);
    return { kind: 'sequence', parts };
  }

  #endsSequence(ahead: number): boolean {
    const next = this.#source[this.#place + ahead];
    return next === undefined || next === '|';
  }

  #readRepeat(): Pattern {
    const part = this.#readAtom();
    const count = this.#readCount();
    if (count === undefined) return part;
    // A lazy repetition matches the same texts.
    this.#take('?');
    return { kind: 'repeat', part, ...count };
  }

  #readCount(): { min: number; max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.#take('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.#take('?')) return { min: 0, max: 1 };
    if (!this.#take('{')) return undefined;
    const min = this.#readNumber();
    const max = this.#take(',') ? (this.#next === '}' ? Number.POSITIVE_INFINITY : this.#readNumber()) : min;
    this.#take('}');
    return { min, max };
  }

  #readNumber(): number {
    let digits = '';
    while (/[0-9]/.test(this.#next)) digits += this.#source[this.#place++];
    return Number(digits);
  }

  #readAtom(): Pattern {
    const character = this.#source[this.#place++]!;
    if (character === '(') return this.#readGroup();
    if (character === '[') return { kind: 'class', ranges: this.#readClass() };
    if (character === '.') return { kind: 'class', ranges: complement(unite(LINE_ENDS)) };
    if (character === '^' || character === '$') throw new Unenforceable(`has an anchor \`${character}\` inside`);
    if (character === '\\') return { kind: 'class', ranges: this.#readEscape() };
    const code = character.codePointAt(0)!;
    return { kind: 'class', ranges: [[code, code]] };
  }

  #readGroup(): Pattern {
    if (this.#take('?')) {
      if (this.#take('<') && this.#next !== '=' && this.#next !== '!') while (!this.#take('>')) this.#place++;
      else if (!this.#take(':')) throw new Unenforceable('looks ahead or behind, or sets flags inside');
    }
    const group = this.readChoice(false);
    this.#take(')');
    return group;
  }

  #readClass(): Range[] {
    const isNegated = this.#take('^');
    const ranges: Range[] = [];
    while (!this.#take(']')) {
      const first = this.#readClassItem();
      if (this.#next === '-' && this.#source[this.#place + 1] !== ']') {
        this.#place++;
        ranges.push([first[0]![0], this.#readClassItem()[0]![1]]);
      } else ranges.push(...first);
    }
    return isNegated ? complement(unite(ranges)) : unite(ranges);
  }

  #readClassItem(): readonly Range[] {
    const character = this.#source[this.#place++]!;
    if (character === '\\') return this.#readEscape();
    const code = character.codePointAt(0)!;
    return [[code, code]];
  }

  #readEscape(): readonly Range[] {
    const letter = this.#source[this.#place++]!;
    const known = CLASS_ESCAPES[letter];
    if (known !== undefined) return known;
    const control = CONTROL_ESCAPES[letter];
    if (control !== undefined) return [[control, control]];
    if (letter === 'x') return this.#readHexadecimal(2);
    if (letter === 'u' && this.#take('{')) {
      const end = this.#source.indexOf('}', this.#place);
      const code = this.#readHexadecimal(end - this.#place);
      this.#place++;
      return code;
    }
    if (letter === 'u') return this.#readHexadecimal(4);
    if (/[\p{L}0-9]/u.test(letter)) throw new Unenforceable(`has \`\\${letter}\`, which is not known here`);
    const code = letter.codePointAt(0)!;
    return [[code, code]];
  }

  #readHexadecimal(length: number): readonly Range[] {
    const code = Number.parseInt(this.#source.slice(this.#place, this.#place + length).join(''), 16);
    this.#place += length;
    return [[code, code]];
  }

  /** The character to be read next; empty at the end. */
  get #next(): string {
    return this.#source[this.#place] ?? '';
  }

  #take(character: string): boolean {
    if (this.#next !== character) return false;
    this.#place++;
    return true;
  }
}
