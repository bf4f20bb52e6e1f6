/** Reads a TypeBox schema as the JSON Schema that it is, and says in words what it allows. */

/** The parts of JSON Schema that the settings use. */
export interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  /** What keys that are not known beforehand may hold, by the pattern that they have to match. */
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  /** What keys that are not known beforehand are, in words. */
  readonly keys?: string;
  readonly maxProperties?: number;
  readonly required?: readonly string[] | undefined;
  readonly items?: SchemaNode;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly enum?: readonly (string | number)[];
  /** Any of these. */
  readonly anyOf?: readonly SchemaNode[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly default?: unknown;
  readonly description?: string;
  /** Whether messages must not repeat the value. */
  readonly secret?: boolean;
}

/** Whether it is a group of keys, known or named by whoever writes them. */
export function isGroup(schema: SchemaNode): boolean {
  return schema.properties !== undefined || schema.patternProperties !== undefined;
}

/** Whether messages must not repeat what stands in the place of it: a secret, or a group that has one. */
export function holdsSecret(schema: SchemaNode): boolean {
  return schema.secret === true || Object.values(schema.properties ?? {}).some(holdsSecret);
}

/** What a key of a group may hold; undefined for a key that it cannot have. */
export function propertyOf(schema: SchemaNode, key: string): SchemaNode | undefined {
  if (Object.hasOwn(schema.properties ?? {}, key)) return schema.properties?.[key];
  const patterns = Object.entries(schema.patternProperties ?? {});
  return patterns.find(([pattern]) => new RegExp(pattern).test(key))?.[1];
}

/** What a value must be: "an integer from 0 to 65535", "`enabled` or `disabled`". */
export function describeAllowed(schema: SchemaNode): string {
  if (schema.anyOf !== undefined) return joinChoices(schema.anyOf.map(describeAllowed));
  if (schema.enum !== undefined) return joinChoices(schema.enum.map((choice) => `\`${choice}\``));
  switch (schema.type) {
    case 'integer':
      return `an integer from ${schema.minimum} to ${schema.maximum}`;
    case 'number':
      return `a number from ${schema.minimum} to ${schema.maximum}`;
    case 'boolean':
      return '`true` or `false`';
    case 'array':
      return `a list of ${schema.minItems ?? 0} to ${schema.maxItems} entries`;
    case 'object':
      return schema.maxProperties === undefined ? 'a group of keys' : `a group of at most ${schema.maxProperties} keys`;
    default:
      return `${schema.description ?? 'a text'} (${schema.minLength ?? 1} to ${schema.maxLength} characters)`;
  }
}

function joinChoices(choices: readonly string[]): string {
  return choices.length < 2 ? choices.join('') : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}

/** The paths of all settings under a schema, groups left out: `port`, `http.body_limit_bytes`, `tiers.<name>.queue`. */
export function listPaths(schema: SchemaNode, prefix = ''): string[] {
  const patterns = Object.values(schema.patternProperties ?? {}).map((property) => ['<name>', property] as const);
  return [...Object.entries(schema.properties ?? {}), ...patterns].flatMap(([key, property]) =>
    isGroup(property) ? listPaths(property, `${prefix}${key}.`) : [prefix + key],
  );
}
