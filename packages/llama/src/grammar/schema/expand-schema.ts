/** Multiplies a schema out: references followed, `allOf` merged, `anyOf` and `oneOf` as alternatives. */
import { ALTERNATIVES_MAX, EXPANSIONS_MAX } from '../limits.js';
import { Unenforceable } from '../unenforceable.js';
import { excludes } from './excludes.js';
import { mergePlain } from './merge-plain.js';
import { ANYTHING, type Plain } from './plain.js';
import { type Report, readPlain } from './read-plain.js';
import { resolveReference } from './resolve-reference.js';
import { isSchema, type Schema } from './schema.js';

/** What one schema is read with. */
export interface Expansion {
  readonly root: Schema;
  /** Hears of what cannot be enforced. */
  readonly report: Report;
  /** Counts the schemas that are looked at, for all schemas of a grammar together. */
  readonly effort: { schemas: number };
}

/**
 * The plain schemas of which a value has to fulfil one; none when nothing is allowed.
 *
 * @param following The references that are being followed already.
 * @throws Unenforceable when there are too many, or a reference leads to itself.
 */
export function expandSchema(schema: Schema, expansion: Expansion, following: readonly string[] = []): Plain[] {
  if (++expansion.effort.schemas > EXPANSIONS_MAX) {
    throw new Unenforceable(`refers to others more than ${EXPANSIONS_MAX} times`);
  }
  if (schema === true) return [ANYTHING];
  if (schema === false) return [];
  let plains: readonly Plain[] = [readPlain(schema, expansion.report)];
  if (schema.$ref !== undefined) {
    const reference = String(schema.$ref);
    if (following.includes(reference)) throw new Unenforceable('refers to itself without anything between');
    const target = resolveReference(expansion.root, schema.$ref);
    plains = multiply(plains, expandSchema(target, expansion, [...following, reference]));
  }
  for (const part of schemasOf(schema, 'allOf', expansion.report)) {
    plains = multiply(plains, expandSchema(part, expansion, following));
  }
  if (schema.anyOf !== undefined) {
    const branches = schemasOf(schema, 'anyOf', expansion.report);
    plains = multiply(
      plains,
      branches.flatMap((branch) => expandSchema(branch, expansion, following)),
    );
  }
  if (schema.oneOf !== undefined) plains = expandOneOf(schema, plains, expansion, following);
  return [...plains];
}

/** `oneOf` is `anyOf` where no value that is written for one branch is allowed by another. */
function expandOneOf(
  schema: Exclude<Schema, boolean>,
  common: readonly Plain[],
  expansion: Expansion,
  following: readonly string[],
): readonly Plain[] {
  const branches = schemasOf(schema, 'oneOf', expansion.report).map((branch) =>
    multiply(common, expandSchema(branch, expansion, following)),
  );
  const expand = (inner: Schema) => expandSchema(inner, { ...expansion, report: () => {} });
  for (const [place, branch] of branches.entries()) {
    const others = branches.filter((_, other) => other !== place).flat();
    const isExclusive = branch.every((one) => others.every((other) => excludes(one, other, expand)));
    if (!isExclusive) {
      expansion.report(
        'oneOf',
        'has branches that do not exclude each other: say `anyOf`, or give them a property with different `const` values',
      );
      break;
    }
  }
  return branches.flat();
}

function schemasOf(schema: Exclude<Schema, boolean>, keyword: string, report: Report): readonly Schema[] {
  const value = schema[keyword];
  if (value === undefined) return [];
  if (Array.isArray(value) && value.length > 0 && value.every(isSchema)) return value;
  report(keyword, 'has a value that it cannot have');
  return keyword === 'allOf' ? [] : [true];
}

function multiply(left: readonly Plain[], right: readonly Plain[]): Plain[] {
  if (left.length * right.length > ALTERNATIVES_MAX) {
    throw new Unenforceable(`has more than ${ALTERNATIVES_MAX} alternatives`);
  }
  const products: Plain[] = [];
  for (const one of left) {
    for (const other of right) {
      const merged = one === ANYTHING ? other : other === ANYTHING ? one : mergePlain(one, other);
      if (merged !== undefined) products.push(merged);
    }
  }
  return products;
}
