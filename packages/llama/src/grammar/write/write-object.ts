/** Objects: declared properties in their order, and others where the schema speaks of them. */
import type { Grammar } from '../grammar.js';
import { choice, NEVER, type Node, sequence, text } from '../node.js';
import { type PlainObject, propertySchemas } from '../schema/plain.js';
import type { Report } from '../schema/read-plain.js';
import { allOf, type Schema } from '../schema/schema.js';
import type { WriteInner } from '../schema/schema-compiler.js';
import { type Automaton, complementOf, intersection, lengthAutomaton, otherThan, prune } from '../text/automaton.js';
import { Unenforceable } from '../unenforceable.js';
import { QUOTE } from './json-text.js';
import { COLON } from './white-space.js';
import { type ListPart, writeList } from './write-list.js';
import { writeAutomaton } from './write-string.js';

/** What objects are written with. */
export interface ObjectTools {
  readonly inner: WriteInner;
  readonly report: Report;
  /** The automaton of an expression on names; undefined for one that is left out. */
  automatonOf(pattern: string): Automaton | undefined;
}

export function writeObject(grammar: Grammar, object: PlainObject, tools: ObjectTools): Node {
  const names = new Set([...object.properties.keys(), ...object.required]);
  const parts: ListPart[] = [];
  for (const name of names) {
    const schema = allOf(propertySchemas(object, name));
    if (schema === false && !object.required.has(name)) continue;
    const value = schema === false ? NEVER : tools.inner(schema, `properties/${name}`);
    parts.push({ node: sequence(text(JSON.stringify(name)), COLON, value), isRequired: object.required.has(name) });
  }
  const others = writeOthers(grammar, object, [...names], tools);
  const rest = { node: others, ...countOthers(object, parts, others, tools.report) };
  return writeList(grammar, { parts, isPositional: false, rest, brackets: ['{', '}'] });
}

/** Properties that are not declared, of one schema. */
export interface OtherProperties {
  readonly names: Automaton;
  readonly schema: Schema;
}

function writeOthers(grammar: Grammar, object: PlainObject, names: readonly string[], tools: ObjectTools): Node {
  const nodes = findOthers(object, names, tools).map((others) => {
    const name = writeAutomaton(grammar, prune(limitLength(others.names)));
    return grammar.define(sequence(QUOTE, name, QUOTE, COLON, tools.inner(others.schema, 'additionalProperties')));
  });
  return choice(...nodes);
}

/** What is not declared. Without any keyword on properties all are allowed, else only those spoken of. */
export function findOthers(
  object: PlainObject,
  names: readonly string[],
  { automatonOf }: Pick<ObjectTools, 'automatonOf'>,
): OtherProperties[] {
  const { patterns, isClosed, properties } = object;
  const automata = patterns.map(([pattern]) => automatonOf(pattern));
  const undeclared = otherThan(names);
  const found: OtherProperties[] = [];
  for (const [place, [, schema]] of patterns.entries()) {
    const own = automata[place];
    // Without an automaton it is not known which names are meant.
    if (own === undefined || schema === false) continue;
    const rest = automata.filter((other, index) => index !== place && other !== undefined) as Automaton[];
    found.push({ names: [own, undeclared, ...rest.map(complementOf)].reduce(intersection), schema });
  }
  const isUnspoken = properties.size === 0 && patterns.length === 0 && !isClosed;
  const additional = object.additional ?? isUnspoken;
  if (additional !== false && !automata.includes(undefined)) {
    const known = automata as Automaton[];
    found.push({ names: [undeclared, ...known.map(complementOf)].reduce(intersection), schema: additional });
  }
  return found;
}

/** The longest name of a property that is not declared: a model could go on writing one for ever. */
const NAME_CHARACTERS_MAX = 64;

/** Names that are not too long, where an automaton has room for counting. */
export function limitLength(names: Automaton): Automaton {
  try {
    return intersection(names, lengthAutomaton(0, NAME_CHARACTERS_MAX));
  } catch (error) {
    if (!(error instanceof Unenforceable)) throw error;
    return names;
  }
}

/** How many properties that are not declared there may be. Two of one name count once, so none is ever relied on. */
export function countOthers(
  object: PlainObject,
  parts: readonly Pick<ListPart, 'isRequired'>[],
  others: Node,
  report: Report,
) {
  const required = parts.filter(({ isRequired }) => isRequired).length;
  let min = 0;
  if (object.min > required) {
    if (object.min === 1 && parts.length === 0) min = 1;
    else report('minProperties', 'is more than the number of `required` properties, which cannot be enforced');
  }
  if (object.max < parts.length)
    report('maxProperties', 'is less than the number of properties, which cannot be enforced');
  const isOpen = !(others.kind === 'choice' && others.nodes.length === 0);
  return { min, max: isOpen ? Math.max(object.max - parts.length, 0) : 0 };
}
