/** Where in a JSON document something is, in the words of the API's own messages. */
import { shorten } from '../text.js';

/** A key of an object, or an index of an array. */
export type PathSegment = string | number;

/** A place in the text: `line` from 1, `column` as the bytes of the line up to there. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Stands for a key that could not be read. */
export const UNKNOWN_KEY = '?';

/** The most characters of a path that a message repeats: deep nesting makes paths that say nothing. */
const MAX_PATH_CHARACTERS = 1000;

const LINE_FEED = 0x0a;

/** A path as in `messages[0].tool_calls[1].id`, empty for the document itself; long ones are cut. */
export function formatPath(path: readonly PathSegment[]): string {
  let text = '';
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`;
    else text += text === '' ? shorten(segment) : `.${shorten(segment)}`;
    if (text.length > MAX_PATH_CHARACTERS) return `${text}…`;
  }
  return text;
}

/** A message of serde: the path unless there is none, what is wrong, and where. */
export function formatFault(path: readonly PathSegment[], text: string, position: Position | undefined): string {
  const prefix = path.every((segment) => segment === UNKNOWN_KEY) ? '' : `${formatPath(path)}: `;
  const place = position === undefined ? '' : ` at line ${position.line} column ${position.column}`;
  return prefix + text + place;
}

/** The position of a byte index, counted as serde_json counts it. */
export function positionAt(bytes: Uint8Array, index: number): Position {
  let line = 1;
  let startOfLine = 0;
  for (
    let found = bytes.indexOf(LINE_FEED);
    found !== -1 && found < index;
    found = bytes.indexOf(LINE_FEED, found + 1)
  ) {
    line += 1;
    startOfLine = found + 1;
  }
  return { line, column: index - startOfLine };
}
