/** Holds what an operator sent against a schema, and says in words what is wrong with it. */
import type { Static, TObject } from 'typebox';
import { Check } from 'typebox/schema';
import { AdministrationError } from '../../accounts/administration-error.js';
import { nearestName } from '../../config/nearest-name.js';
import { describeAllowed, type SchemaNode } from '../../config/schema-node.js';

/** What the parts of an input are called in messages: fields of a body, parameters of a query. */
export type FieldWord = 'field' | 'parameter';

/** The longest piece of a wrong value that a message repeats, in characters. */
const QUOTED_CHARACTERS_MAX = 40;

/**
 * The value, once it is known to be what the schema of an object describes and nothing beside. Throws an
 * AdministrationError `invalid` for the first thing that is wrong.
 */
export function readFields<Schema extends TObject>(schema: Schema, value: unknown, word: FieldWord): Static<Schema> {
  const node: InputNode = schema;
  const properties = node.properties ?? {};
  const names = Object.keys(properties);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`The body must be a JSON object with ${listNames(names)}, not ${describeFound(value)}.`);
  }
  const fields = value as Record<string, unknown>;
  for (const name of Object.keys(fields)) {
    if (!Object.hasOwn(properties, name)) throw unknownField(name, names, word);
  }
  for (const name of node.required ?? []) {
    if (!Object.hasOwn(fields, name)) throw invalid(`The ${word} \`${name}\` is missing.`);
  }
  for (const [name, property] of Object.entries(properties)) {
    const field = fields[name];
    if (!Object.hasOwn(fields, name) || (Check(property, field) && isStorable(field))) continue;
    throw invalid(`\`${name}\` must be ${describe(property)}, not ${describeFound(field)}.`);
  }
  return fields as Static<Schema>;
}

/** Whether all databases can hold it: none of its characters is a control character. */
function isStorable(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isStorable) : typeof value !== 'string' || !/\p{Cc}/u.test(value);
}

/** The parts of JSON Schema that inputs use. */
interface InputNode extends SchemaNode {
  readonly properties?: Readonly<Record<string, InputNode>>;
  readonly anyOf?: readonly InputNode[];
}

function describe(node: InputNode): string {
  if (node.anyOf !== undefined) return node.anyOf.map(describe).join(' or ');
  if (node.type === 'null') return 'null';
  const allowed = describeAllowed(node);
  return node.items === undefined ? allowed : `${allowed}, each ${describe(node.items)}`;
}

function describeFound(value: unknown): string {
  const text = (JSON.stringify(value) ?? 'nothing').replace(/\p{C}/gu, '\u{FFFD}');
  return text.length > QUOTED_CHARACTERS_MAX ? `${text.slice(0, QUOTED_CHARACTERS_MAX)}…` : text;
}

function unknownField(name: string, names: readonly string[], word: FieldWord): AdministrationError {
  const meant = nearestName(name, names);
  const advice = meant === undefined ? `there are ${listNames(names)}.` : `did you mean \`${meant}\`?`;
  return invalid(`There is no ${word} ${describeFound(name)}; ${advice}`);
}

function listNames(names: readonly string[]): string {
  return names.length === 0 ? 'nothing in it' : names.map((name) => `\`${name}\``).join(', ');
}

/** Something that cannot be, whatever the store holds. */
export function invalid(message: string, options?: ErrorOptions): AdministrationError {
  return new AdministrationError('invalid', message, options);
}
