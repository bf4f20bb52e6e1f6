/** Holds bodies against the schema of their kind, and says what is wrong with one in the words of the API. */
import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/schema';
import type { ApiError } from '../errors/api-error.js';
import { invalidRequest, unprocessable } from '../errors/named-errors.js';
import { locate } from '../json/locate.js';
import { formatFault, positionAt } from '../json/path.js';
import type { SchemaNode } from './expectation.js';
import { findMismatch, type Mismatch } from './mismatch.js';

const DESERIALIZATION_FAILED = 'Failed to deserialize the JSON body into the target type';

/** The shape of one kind of body. */
export class Shape {
  readonly #schema: TSchema;
  #compiled: Validator | undefined;

  constructor(schema: TSchema) {
    this.#schema = schema;
  }

  /**
   * Whether a value conforms, ranges included. The schema is compiled when the first body comes: that takes
   * milliseconds, and not every importer reads.
   */
  conforms(value: unknown): boolean {
    this.#compiled ??= Compile(this.#schema);
    return this.#compiled.Check(value);
  }

  /**
   * Refuses a value that has another shape, whatever its ranges; `bytes` are looked at to say where it differs.
   *
   * @throws ApiError invalid_request, or unprocessable where `thinking` is not an object.
   */
  check(value: unknown, bytes: Uint8Array): void {
    const mismatch = findMismatch(this.#schema as SchemaNode, value);
    if (mismatch !== undefined) throw refusal(mismatch, bytes);
  }

  /** For a body that no check has refused and that does not conform all the same: a range without words of its own. */
  refuse(): ApiError {
    return invalidRequest(DESERIALIZATION_FAILED);
  }
}

function refusal({ path, text, at }: Mismatch, bytes: Uint8Array): ApiError {
  const index = locate(bytes, path, at);
  const position = index === undefined ? undefined : positionAt(bytes, index);
  const message = `${DESERIALIZATION_FAILED}: ${formatFault(path, text, position)}`;
  const isThinkingItself = at === 'value' && path.length === 1 && path[0] === 'thinking';
  return isThinkingItself ? unprocessable(message) : invalidRequest(message);
}
