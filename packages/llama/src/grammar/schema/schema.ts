/** JSON Schemas as they are sent, and values as they are compared. */

/** A schema: true allows everything, false nothing. */
export type Schema = boolean | { readonly [keyword: string]: unknown };

/** The kinds of JSON values. Whole numbers are numbers. */
export type Kind = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object';

export const ALL_KINDS: readonly Kind[] = ['object', 'array', 'string', 'number', 'boolean', 'null'];

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'boolean' || isRecord(value);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function kindOf(value: unknown): Kind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value as Kind;
}

/** All of several schemas at once. */
export function allOf(schemas: readonly (Schema | undefined)[]): Schema {
  const given = schemas.filter((schema) => schema !== undefined && schema !== true) as Schema[];
  const different = [...new Map(given.map((schema) => [JSON.stringify(schema), schema])).values()];
  if (different.length === 0) return true;
  return different.length === 1 ? different[0]! : { allOf: different };
}

/** The same text for equal values, whatever the order of their keys. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isRecord(value)) return JSON.stringify(value) ?? 'null';
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${entries.join()}}`;
}
