/** From the query of a path to checked parameters. */
import type { Static, TObject } from 'typebox';
import { invalid, readFields } from './read-fields.js';

/**
 * The parameters of a query such as `limit=10&after=x` (without its question mark), held against a schema whose
 * properties are texts or whole numbers. Throws an AdministrationError `invalid` for the first thing that is wrong.
 */
export function readQuery<Schema extends TObject>(schema: Schema, query: string): Static<Schema> {
  const parameters: Record<string, string | number> = {};
  for (const [name, text] of new URLSearchParams(query)) {
    if (Object.hasOwn(parameters, name)) throw invalid(`The parameter \`${name.slice(0, 40)}\` is there twice.`);
    const isNumber = (schema.properties[name] as { type?: string } | undefined)?.type === 'integer';
    parameters[name] = isNumber && /^\d{1,15}$/.test(text) ? Number(text) : text;
  }
  return readFields(schema, parameters, 'parameter');
}
