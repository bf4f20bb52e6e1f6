/** What a configuration does not say: the defaults of its schema. */
import { Check } from 'typebox/schema';
import type { SchemaNode } from './schema-node.js';

/**
 * Fills what is missing in a value, groups within groups too, and returns it; the value itself is changed. What stands
 * under names that are not known beforehand is filled only where its schema has a default of its own.
 */
export function fillDefaults(schema: SchemaNode, value: unknown): unknown {
  const filled = value === undefined ? structuredClone(schema.default) : value;
  if (schema.anyOf !== undefined) return fillChoice(schema.anyOf, filled);
  if (Array.isArray(filled)) {
    const { items } = schema;
    return items === undefined ? filled : filled.map((item) => fillDefaults(items, item));
  }
  if (typeof filled !== 'object' || filled === null) return filled;
  const group = filled as Record<string, unknown>;
  fillProperties(schema.properties ?? {}, group);
  for (const [pattern, property] of Object.entries(schema.patternProperties ?? {}))
    if (Object.hasOwn(property, 'default')) fillNamed(new RegExp(pattern), property, group);
  return group;
}

/** As the first of the schemas that it then conforms to; as it is when there is none. */
function fillChoice(choices: readonly SchemaNode[], value: unknown): unknown {
  for (const choice of choices) {
    const filled = fillDefaults(choice, structuredClone(value));
    if (Check(choice, filled)) return filled;
  }
  return value;
}

function fillProperties(properties: Readonly<Record<string, SchemaNode>>, group: Record<string, unknown>): void {
  for (const [key, property] of Object.entries(properties)) {
    const filled = fillDefaults(property, group[key]);
    if (filled !== undefined) group[key] = filled;
  }
}

function fillNamed(pattern: RegExp, property: SchemaNode, group: Record<string, unknown>): void {
  for (const key of Object.keys(group)) if (pattern.test(key)) group[key] = fillDefaults(property, group[key]);
}
