/** Reads one tool call out of what stood between its tags. */
import { DSML_PARAMETER, TOOL_SEPARATOR } from './patterns.js';

/** A call as markup writes it. The arguments of one that was cut off are cut off too, and so no valid JSON. */
export interface MarkupCall {
  readonly name: string;
  readonly arguments: string;
}

/** A call in DSML: its parameters one by one, or its arguments as one JSON text. Undefined when it has no name. */
export function parseDsmlCall(attributes: string, text: string, isComplete: boolean): MarkupCall | undefined {
  const name = attributeOf(attributes, 'name');
  if (name === undefined) return undefined;
  const body = isComplete ? text : text.replace(CUT_TAG, '');
  const parameters = [...body.matchAll(DSML_PARAMETER)].map(({ groups = {} }) => writeParameter(groups));
  if (parameters.length === 0) return { name, arguments: orNothing(body.trim(), isComplete) };
  const last = parameters.length - 1;
  const inside = parameters.map(({ json, open, isClosed }, place) =>
    place === last && !isClosed && !isComplete ? open : json,
  );
  return { name, arguments: `{${inside.join(', ')}${isComplete ? '}' : ''}` };
}

/** The beginning of a tag at the end of a call that was cut off. */
const CUT_TAG = /<(?:\/?[|｜‖][^<>]*|\/)?$/;

/**
 * A call in tokens: `function`, separator, name, line feed, arguments in a code fence (V3), or name, separator, arguments
 * (V3.1). Undefined when it has no name, or not for certain the whole of it.
 */
export function parseTokenCall(text: string, isComplete: boolean): MarkupCall | undefined {
  const body = isComplete ? text : text.replace(CUT_TAG, '');
  const separator = TOOL_SEPARATOR.exec(body);
  if (separator === null) return undefined;
  const before = body.slice(0, separator.index).trim();
  const after = body.slice(separator.index + separator[0].length).trim();
  if (before === 'function' && !after.startsWith('{')) return parseFenced(after, isComplete);
  return before === '' ? undefined : { name: before, arguments: orNothing(after, isComplete) };
}

function parseFenced(text: string, isComplete: boolean): MarkupCall | undefined {
  const { name = '', fence, json = '' } = FENCED.exec(text)?.groups ?? {};
  if (name === '' || (fence === undefined && !isComplete)) return undefined;
  return { name, arguments: orNothing(json.trim(), isComplete) };
}

/** The name, and the arguments up to a closing fence that may be there in part. */
const FENCED = /^(?<name>[^\s`]+)\s*(?<fence>```(?:json)?\s)?(?<json>.*?)(?:\s*`{1,3})?$/s;

/** A whole call without arguments has an empty object of them. */
function orNothing(json: string, isComplete: boolean): string {
  return json === '' && isComplete ? '{}' : json;
}

interface Parameter {
  readonly json: string;
  /** Without what ends a text. */
  readonly open: string;
  readonly isClosed: boolean;
}

function writeParameter({ attributes = '', value = '', end = '' }: Record<string, string | undefined>): Parameter {
  const key = `${JSON.stringify(attributeOf(attributes, 'name') ?? '')}: `;
  const isText = attributeOf(attributes, 'string') === 'true' || !isJson(value);
  const json = key + (isText ? JSON.stringify(value) : value.trim());
  return { json, open: isText ? json.slice(0, -1) : json, isClosed: end !== '' };
}

function attributeOf(attributes: string, name: string): string | undefined {
  return new RegExp(`\\b${name}\\s*=\\s*"([^"]*)"`).exec(attributes)?.[1];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
