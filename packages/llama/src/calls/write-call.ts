/** Calls as the model itself would have written them, for templates that do not write them, or show no example. */
import { isRecord } from '../grammar/schema/schema.js';
import type { ArgumentTags, CallForm } from './call-form.js';
import { writeMarkup } from './markup.js';

/** A call with its arguments: JSON text, or what such a text says. */
export interface WrittenCall {
  readonly name: string;
  readonly arguments: unknown;
}

/** One call or more. Those of a form that has room for one only are written one after the other. */
export function writeCalls(calls: readonly WrittenCall[], form: CallForm): string {
  const written = calls.map((call, index) => {
    const isFirst = index === 0 || form.beforeNext === undefined;
    const before = isFirst ? [...form.opening, ...form.beforeName] : form.beforeNext;
    return writeMarkup(before ?? []) + writeCall(call, form);
  });
  return written.join('') + writeMarkup(form.closing);
}

function writeCall({ name, arguments: given }: WrittenCall, form: CallForm): string {
  const { afterName, afterArguments, argumentTags: tags } = form;
  const written = tags === undefined ? jsonOf(given) : writeArguments(given, tags);
  return name + writeMarkup(afterName) + written + writeMarkup(afterArguments);
}

function jsonOf(given: unknown): string {
  return typeof given === 'string' ? given : JSON.stringify(given);
}

/** Arguments that are no object have no names that tags could say; they are written as they are. */
function writeArguments(given: unknown, tags: ArgumentTags): string {
  const value = typeof given === 'string' ? tryParse(given) : given;
  if (!isRecord(value)) return jsonOf(given);
  return Object.entries(value)
    .map(([name, argument]) => writeArgument(name, argument, tags))
    .join('');
}

/** One argument in its tags. */
export function writeArgument(name: string, value: unknown, tags: ArgumentTags): string {
  const isText = typeof value === 'string';
  const before = writeMarkup(isText ? tags.beforeText : tags.beforeJson);
  const written = isText ? value : JSON.stringify(value);
  return (
    writeMarkup(tags.opening) +
    name +
    before +
    written +
    tags.afterValue +
    writeMarkup([...tags.closing, ...tags.after])
  );
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
