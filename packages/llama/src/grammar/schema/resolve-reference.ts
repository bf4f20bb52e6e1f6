/** Follows `$ref`, within the schema itself. */
import { Unenforceable } from '../unenforceable.js';
import { isSchema, type Schema } from './schema.js';

/**
 * The schema that a reference names.
 *
 * @throws Unenforceable when it is not within the schema, or there is nothing.
 */
export function resolveReference(root: Schema, reference: unknown): Schema {
  const words = `has a \`$ref\` to ${JSON.stringify(reference)}, `;
  if (typeof reference !== 'string' || !/^#(?:\/|$)/.test(reference)) {
    throw new Unenforceable(`${words}which is not inside of the schema`);
  }
  let found: unknown = root;
  for (const segment of reference.slice(1).split('/').slice(1)) {
    const key = decodeSegment(segment);
    const isThere = typeof found === 'object' && found !== null && Object.hasOwn(found, key);
    found = isThere ? (found as Record<string, unknown>)[key] : undefined;
  }
  if (!isSchema(found)) throw new Unenforceable(`${words}where there is no schema`);
  return found;
}

/** JSON pointers write `~` and `/` as `~0` and `~1`; in a fragment everything can be percent-encoded as well. */
function decodeSegment(segment: string): string {
  let decoded = segment;
  try {
    decoded = decodeURIComponent(segment);
  } catch {
    // A percent sign that encodes nothing is itself.
  }
  return decoded.replaceAll('~1', '/').replaceAll('~0', '~');
}
