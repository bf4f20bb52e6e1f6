/** Reads the JSON that models write, which is sometimes broken in ways that can be put right without guessing. */

/** A key whose quote was not closed, as in `{"selected: […`. */
const OPEN_KEY = /([{,]\s*"[\w$-]+)\s*:/g;

/**
 * The value of a text; undefined when it cannot be read. Put right are words and code fences around it, brackets and
 * quotes that are not closed, commas before a closing bracket, line ends inside of strings and keys without their second
 * quote.
 */
export function parseLoosely(text: string): { readonly value: unknown } | undefined {
  const start = text.search(/[{[]/);
  const bare = start === -1 ? '' : text.slice(start);
  return parseExactly(text) ?? parseExactly(complete(bare)) ?? parseExactly(complete(bare.replace(OPEN_KEY, '$1":')));
}

/** The value of a text that has to be JSON as it is; undefined when it is none. */
export function parseExactly(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** The first value of a text, with what it lacks at its end; what follows it is left out. */
function complete(text: string): string {
  const closers: string[] = [];
  const out: string[] = [];
  let isString = false;
  /** The last thing that was written, white space aside, and where it stands. */
  let last = -1;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (isString) {
      isString = character !== '"';
      if (character === '\\') out.push(text.slice(at, ++at + 1).padEnd(2, '\\'));
      else out.push(character < ' ' ? JSON.stringify(character).slice(1, -1) : character);
      continue;
    }
    const isEnd = character === '}' || character === ']';
    if (isEnd) {
      if (out[last] === ',') out[last] = '';
      while (closers.length > 1 && closers.at(-1) !== character) out.push(closers.pop()!);
      closers.pop();
    }
    if (character === '{') closers.push('}');
    if (character === '[') closers.push(']');
    isString = character === '"';
    if (character > ' ') last = out.length;
    out.push(character);
    if (isEnd && closers.length === 0) return out.join('');
  }
  if (isString) out.push('"');
  else if (out[last] === ',') out[last] = '';
  return out.join('') + closers.reverse().join('');
}
