/** Takes a body apart: one JSON text, or lines of which those of server-sent events hold JSON each. */
import { type JsonPart, scanJson } from './scan-json.js';

export interface BodyParts {
  /** Of all JSON in it. */
  readonly json: readonly JsonPart[];
  /** What is in no form that is known: from, to. */
  readonly opaque: readonly (readonly [number, number])[];
}

/** What an event stream says without a word of an answer. */
const FRAME = /^(?:data: ?(?:\[DONE\])?|(?:event|id|retry):.*|: ?(?:keep-alive|ping)?|)$/;

/** @param text The bytes of the body in Latin-1, so that places in it are places in the bytes. */
export function takeApart(text: string): BodyParts {
  const whole = scanJson(text, 0, text.length);
  if (whole !== undefined) return { json: whole, opaque: [] };
  const json: JsonPart[] = [];
  const opaque: [number, number][] = [];
  for (const { 0: line, index } of text.matchAll(/[^\r\n]+/g)) {
    if (FRAME.test(line)) continue;
    const start = index + (/^(?:data: ?|: ?)/.exec(line)?.[0].length ?? 0);
    const end = index + line.length;
    const parts = scanJson(text, start, end);
    if (parts === undefined) opaque.push([start, end]);
    else for (const part of parts) json.push(part);
  }
  return { json, opaque };
}

/** The strings of a body that continue each other: the pieces of one text of a stream are in one group. */
export function groupStrings(json: readonly JsonPart[]): JsonPart[][] {
  const groups = new Map<string, JsonPart[]>();
  for (const part of json) {
    if (part.kind !== 'string') continue;
    const name = part.path.join('\n');
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [part]);
    else group.push(part);
  }
  return [...groups.values()];
}
