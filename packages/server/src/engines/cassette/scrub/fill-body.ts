/**
 * Takes every word of a prompt or an answer out of a body and leaves its form: filler of the same length, so that pieces,
 * lengths and the structure that clients read stay what they were.
 */
import { groupStrings, takeApart } from './body-parts.js';
import type { JsonPart } from './scan-json.js';

/** Strings under these keys name things of the protocol. Everything else may be somebody's text. */
const PROTOCOL_KEYS: ReadonlySet<string> = new Set([
  'id',
  'object',
  'model',
  'role',
  'type',
  'status',
  'code',
  'param',
  'finish_reason',
  'stop_reason',
  'system_fingerprint',
  'service_tier',
  'owned_by',
  'tool_call_id',
  'call_id',
  'item_id',
  'encoding_format',
]);
/** Texts that clients parse as a JSON object: they become an empty one. */
const OBJECT_TEXT_KEYS: ReadonlySet<string> = new Set(['arguments', 'partial_json']);
/** Whatever is below these is made by the user or the model, its keys and numbers too. */
const CONTENT_PATH = /^(?:input|arguments|parameters|schema|metadata)$/;
/** Numbers that are text, or from which it can be told. */
const TELLING_NUMBERS = /bytes|embedding|logprob|token_ids|^tokens$|text_offset/;

const FILLER = 'x';
const DIGIT_FILLER = '1';

/** A body of the same length without a prompt or an answer. */
export function fillBody(body: Buffer): Buffer {
  const text = body.toString('latin1');
  const { json, opaque } = takeApart(text);
  const filled = Buffer.from(body);
  for (const [start, end] of opaque) filled.write(text.slice(start, end).replace(/[^\s]/g, FILLER), start, 'latin1');
  for (const part of json) {
    if (part.kind === 'number' ? isTellingNumber(part) : part.kind === 'key' && isContent(part)) fillPart(filled, part);
  }
  for (const group of groupStrings(json)) fillStrings(filled, group);
  return filled;
}

function fillPart(filled: Buffer, { kind, start, end }: JsonPart): void {
  if (kind !== 'number') filled.fill(FILLER, start, end);
  else filled.write(filled.toString('latin1', start, end).replace(/\d/g, DIGIT_FILLER), start, 'latin1');
}

/** Fills the pieces of one text. */
function fillStrings(filled: Buffer, group: readonly JsonPart[]): void {
  const [first] = group;
  if (first === undefined || isProtocol(first)) return;
  if (!OBJECT_TEXT_KEYS.has(first.path.at(-1) ?? '')) {
    for (const part of group) fillPart(filled, part);
    return;
  }
  const length = group.reduce((sum, { start, end }) => sum + end - start, 0);
  const object = length < 2 ? ' '.repeat(length) : `{${' '.repeat(length - 2)}}`;
  let at = 0;
  for (const { start, end } of group) {
    filled.write(object.slice(at, at + end - start), start, 'latin1');
    at += end - start;
  }
}

/** The name of a function is part of what a client has to know to go on. */
function isProtocol(part: JsonPart): boolean {
  if (isContent(part)) return false;
  const key = part.path.at(-1) ?? '';
  const parent = part.path.at(-2);
  if (PROTOCOL_KEYS.has(key)) return true;
  return key === 'name' && (parent === 'function' || parent === 'content_block');
}

/** Whether it lies below something that is content as a whole. */
function isContent({ path }: JsonPart): boolean {
  return path.slice(0, -1).some((name) => CONTENT_PATH.test(name));
}

function isTellingNumber(part: JsonPart): boolean {
  return isContent(part) || part.path.some((name) => TELLING_NUMBERS.test(name));
}
