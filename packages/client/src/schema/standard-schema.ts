/**
 * The interfaces of Standard Schema and Standard JSON Schema (standardschema.dev), written out: zod, arktype, valibot and
 * others implement them, so that none of them has to be known here.
 */

/** A JSON Schema as an object. */
export type JsonSchema = Record<string, unknown>;

/** What a value does not fulfil. */
export interface Issue {
  readonly message: string;
  /** Where, from the root of the value on. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A value as the schema gives it out, or what is wrong. */
export type Validation<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Validation<Output> | Promise<Validation<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    /** Absent in libraries that cannot write JSON Schema: `jsonSchema(json, schema)` adds it. */
    readonly jsonSchema?: { readonly input: (options: { readonly target: string }) => JsonSchema } | undefined;
  };
}

/** The type of the values that a schema gives out. */
export type InferOutput<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['output'];
