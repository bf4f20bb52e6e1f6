/** Finds the strings, numbers and keys of a JSON text with their places, so that bytes can be exchanged without moving others. */

export interface JsonPart {
  readonly kind: 'string' | 'number' | 'key';
  /** From the first to behind the last character: of strings and keys without their quotes. */
  readonly start: number;
  readonly end: number;
  /** Where it is: keys and positions. What has an `index` in a list is named by that, for pieces of a stream come one at a time. */
  readonly path: readonly string[];
}

interface Container {
  readonly parent: Container | undefined;
  readonly isList: boolean;
  /** Its name in the parent. */
  readonly name: string;
  /** The key whose value comes next; of a list the position. */
  key: string;
  expectsKey: boolean;
  index: string | undefined;
}

interface FoundPart extends Omit<JsonPart, 'path'> {
  readonly container: Container | undefined;
  readonly key: string;
}

/** The parts of the JSON text from `from` to `to`; undefined when it is no JSON. Not recursive, however deep it is. */
export function scanJson(text: string, from: number, to: number): JsonPart[] | undefined {
  if (!isJson(text.slice(from, to))) return undefined;
  const found = findParts(text, from, to);
  return found.map(({ kind, start, end, container, key }) => ({ kind, start, end, path: pathOf(container, key) }));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Of a text that is JSON. */
function findParts(text: string, from: number, to: number): FoundPart[] {
  const found: FoundPart[] = [];
  let container: Container | undefined;
  for (let at = from; at < to; at++) {
    const character = text[at] as string;
    if (character === '{' || character === '[') container = open(container, character === '[');
    else if (character === '}' || character === ']') container = container?.parent;
    else if (character === ',') advance(container);
    else if (character === '"') {
      const end = endOfString(text, at + 1);
      found.push(takeString(text, at + 1, end, container));
      at = end;
    } else if (/[-\d]/.test(character)) {
      const end = endOfNumber(text, at, to);
      if (container?.key === 'index') container.index = text.slice(at, end);
      found.push({ kind: 'number', start: at, end, container, key: container?.key ?? '' });
      at = end - 1;
    }
  }
  return found;
}

function open(parent: Container | undefined, isList: boolean): Container {
  return { parent, isList, name: parent?.key ?? '', key: isList ? '0' : '', expectsKey: !isList, index: undefined };
}

function advance(container: Container | undefined): void {
  if (container === undefined) return;
  if (container.isList) container.key = String(Number(container.key) + 1);
  else container.expectsKey = true;
}

function takeString(text: string, start: number, end: number, container: Container | undefined): FoundPart {
  if (container?.expectsKey !== true) return { kind: 'string', start, end, container, key: container?.key ?? '' };
  container.expectsKey = false;
  container.key = text.slice(start, end);
  return { kind: 'key', start, end, container, key: container.key };
}

function endOfString(text: string, start: number): number {
  let at = start;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function endOfNumber(text: string, start: number, to: number): number {
  let at = start;
  while (at < to && /[-+.\deE]/.test(text[at] as string)) at += 1;
  return at;
}

/** The longest path that is told; what is deeper is in the same place for all that it matters. */
const PATH_MAX = 64;

function pathOf(container: Container | undefined, key: string): string[] {
  const path = [key];
  for (let at = container; at?.parent !== undefined && path.length < PATH_MAX; at = at.parent) {
    path.push(at.parent.isList && at.index !== undefined ? `#${at.index}` : at.name);
  }
  return path.reverse();
}
