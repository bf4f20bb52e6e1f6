/** Shapes with a title become named components, so that each is written once and refers to the others. */
import type { TSchema } from 'typebox';

/** A JSON Schema as it is written in the document. */
export type JsonSchema = { readonly [keyword: string]: unknown };

export class Components {
  readonly #schemas = new Map<string, JsonSchema>();

  /** All that were named so far, by name. */
  get schemas(): Record<string, JsonSchema> {
    return Object.fromEntries([...this.#schemas].sort(([left], [right]) => (left < right ? -1 : 1)));
  }

  /** A schema for use in the document: a reference where it has a title. */
  refer(schema: TSchema): JsonSchema {
    // The library's own marks are no part of the JSON.
    return this.#extract(JSON.parse(JSON.stringify(schema)) as JsonSchema) as JsonSchema;
  }

  #extract(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#extract(item));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, item]) => [
      key,
      DATA_KEYWORDS.has(key) ? item : this.#extract(item),
    ]);
    const schema = Object.fromEntries(entries) as JsonSchema;
    return typeof schema.title === 'string' ? this.#name(schema.title, schema) : schema;
  }

  /** Two shapes can have one title, such as a call that was made and one that is sent: the second gets a number. */
  #name(title: string, schema: JsonSchema): JsonSchema {
    const text = JSON.stringify(schema);
    for (let number = 1; ; number++) {
      const name = number === 1 ? title : `${title}${number}`;
      const known = this.#schemas.get(name);
      if (known === undefined) this.#schemas.set(name, schema);
      if (known === undefined || JSON.stringify(known) === text) return { $ref: `#/components/schemas/${name}` };
    }
  }
}

/** What these hold is data, not a schema. */
const DATA_KEYWORDS: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples', 'required']);
