/** Reads a TypeBox schema as the JSON Schema that it is, and says in words what it allows. */

/** The parts of JSON Schema that the settings use. */
export interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly default?: unknown;
  readonly description?: string;
}

/** What a value must be: "an integer from 0 to 65535", "`enabled` or `disabled`". */
export function describeAllowed(schema: SchemaNode): string {
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
      return 'a group of keys';
    default:
      return `${schema.description ?? 'a text'} (${schema.minLength ?? 1} to ${schema.maxLength} characters)`;
  }
}

function joinChoices(choices: readonly string[]): string {
  return choices.length < 2 ? choices.join('') : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}

/** The paths of all settings under a schema, groups left out: `port`, `http.body_limit_bytes`. */
export function listPaths(schema: SchemaNode, prefix = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) =>
    property.properties === undefined ? [prefix + key] : listPaths(property, `${prefix}${key}.`),
  );
}
