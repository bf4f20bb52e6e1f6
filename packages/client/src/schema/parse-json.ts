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
  let out = '';
  let isString = false;
  /** Where a comma stands after which nothing has come but white space. */
  let comma = -1;
  const withoutComma = () => (comma === -1 ? out : out.slice(0, comma));
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (isString) {
      if (character === '\\') out += text.slice(at, ++at + 1).padEnd(2, '\\');
      else if (character < ' ') out += JSON.stringify(character).slice(1, -1);
      else out += character;
      isString = character !== '"';
      continue;
    }
    if (character === '}' || character === ']') {
      out = withoutComma();
      while (closers.length > 0 && closers.at(-1) !== character) out += closers.pop();
      closers.pop();
      out += character;
      if (closers.length === 0) return out;
    } else {
      if (character === '{') closers.push('}');
      else if (character === '[') closers.push(']');
      isString = character === '"';
      if (character === ',') comma = out.length;
      out += character;
    }
    if (character > ' ' && character !== ',') comma = -1;
  }
  return withoutComma() + (isString ? '"' : '') + closers.reverse().join('');
}
