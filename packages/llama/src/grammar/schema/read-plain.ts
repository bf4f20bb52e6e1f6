/** Reads the keywords of one schema that speak of values themselves. */
import { ENUM_VALUES_MAX, REPETITIONS_MAX } from '../limits.js';
import { larger, mergeValues, smaller } from './merge-plain.js';
import { ANYTHING, type Plain } from './plain.js';
import { ALL_KINDS, isRecord, isSchema, type Kind, type Schema } from './schema.js';

/** Hears of a keyword that cannot be enforced, and why. If it returns, the keyword is left out. */
export type Report = (keyword: string, reason: string) => void;

/** Reads a schema. Keywords that combine or refer to schemas are left to others. */
export function readPlain(schema: { readonly [keyword: string]: unknown }, report: Report): Plain {
  let plain = ANYTHING;
  for (const [keyword, value] of Object.entries(schema)) {
    if (value === undefined || ELSEWHERE.has(keyword) || isAnnotation(keyword)) continue;
    const reader = Object.hasOwn(READERS, keyword) ? READERS[keyword] : undefined;
    if (reader === undefined) report(keyword, 'is not known to this engine');
    else plain = reader(plain, value, (reason) => report(keyword, reason));
  }
  return schema.nullable === true ? allowNull(plain) : plain;
}

/** Keywords that combine schemas, and those that only hold some to be referred to. */
const ELSEWHERE = new Set(['$ref', 'allOf', 'anyOf', 'oneOf', '$defs', '$def', 'definitions', 'nullable']);

/** Words for those who read the schema, which hold values to nothing. */
const ANNOTATIONS = new Set([
  ...['$schema', '$id', '$comment', '$anchor', 'id', 'title', 'description', 'default', 'example', 'examples'],
  ...['deprecated', 'readOnly', 'writeOnly', 'contentEncoding', 'contentMediaType', 'contentSchema', 'discriminator'],
  ...['externalDocs', 'xml', 'strict', 'enumNames', 'enumDescriptions', 'markdownDescription', 'propertyOrdering'],
]);

function isAnnotation(keyword: string): boolean {
  return ANNOTATIONS.has(keyword) || keyword.startsWith('x-');
}

/** OpenAPI 3.0's way to say that a value may be null as well. */
function allowNull(plain: Plain): Plain {
  return plain.kinds === undefined ? plain : { ...plain, kinds: new Set([...plain.kinds, 'null'] as const) };
}

type Reader = (plain: Plain, value: unknown, refuse: (reason: string) => void) => Plain;

const BAD_VALUE = 'has a value that it cannot have';

const READERS: Readonly<Record<string, Reader>> = {
  type: readType,
  enum: (plain, value, refuse) => {
    if (!Array.isArray(value)) refuse(BAD_VALUE);
    else if (value.length > ENUM_VALUES_MAX) refuse(`has more than ${ENUM_VALUES_MAX} values`);
    else return { ...plain, values: mergeValues(plain.values, value) };
    return plain;
  },
  const: (plain, value) => ({ ...plain, values: mergeValues(plain.values, [value]) }),

  minimum: numberReader((number, value) => ({ ...number, min: larger(number.min, value) })),
  maximum: numberReader((number, value) => ({ ...number, max: smaller(number.max, value) })),
  exclusiveMinimum: numberReader((number, value) => ({ ...number, above: value })),
  exclusiveMaximum: numberReader((number, value) => ({ ...number, below: value })),
  multipleOf: numberReader(
    (number, value) => ({ ...number, multiples: [...number.multiples, value] }),
    (value) => value > 0,
  ),

  minLength: countReader('string', (plain, min) => ({ ...plain, string: { ...plain.string, min } })),
  maxLength: countReader('string', (plain, max) => ({ ...plain, string: { ...plain.string, max } })),
  pattern: textReader((string, value) => ({ ...string, patterns: [...string.patterns, value] })),
  format: readFormat,

  items: readItems,
  prefixItems: schemasReader((plain, prefix) => ({ ...plain, array: { ...plain.array, prefix } })),
  additionalItems: (plain, value) =>
    isSchema(value) && plain.array.prefix.length > 0 ? withArray(plain, { items: value }) : plain,
  minItems: countReader('array', (plain, min) => withArray(plain, { min })),
  maxItems: countReader('array', (plain, max) => withArray(plain, { max })),
  uniqueItems: (plain, value, refuse) => {
    if (value !== false) refuse('cannot be enforced');
    return plain;
  },
  unevaluatedItems: onlyTrue,

  properties: readProperties,
  required: readRequired,
  patternProperties: readPatternProperties,
  additionalProperties: (plain, value, refuse) => {
    if (isSchema(value)) return withObject(plain, { additional: value });
    refuse(BAD_VALUE);
    return plain;
  },
  unevaluatedProperties: (plain, value, refuse) => {
    if (value === false) return withObject(plain, { isClosed: true });
    return onlyTrue(plain, value, refuse);
  },
  minProperties: countReader('object', (plain, min) => withObject(plain, { min })),
  maxProperties: countReader('object', (plain, max) => withObject(plain, { max })),

  ...Object.fromEntries(
    [
      ...['not', 'if', 'then', 'else', 'contains', 'minContains', 'maxContains', 'propertyNames', 'dependencies'],
      ...['dependentRequired', 'dependentSchemas', '$dynamicRef', '$recursiveRef'],
    ].map((keyword): [string, Reader] => [keyword, refuseAlways]),
  ),
};

function refuseAlways(plain: Plain, _value: unknown, refuse: (reason: string) => void): Plain {
  refuse('cannot be enforced');
  return plain;
}

function onlyTrue(plain: Plain, value: unknown, refuse: (reason: string) => void): Plain {
  if (value !== true) refuse('cannot be enforced');
  return plain;
}

function mention(plain: Plain, kind: Kind): Plain {
  return plain.mentioned.has(kind) ? plain : { ...plain, mentioned: new Set([...plain.mentioned, kind]) };
}

function withArray(plain: Plain, change: Partial<Plain['array']>): Plain {
  return mention({ ...plain, array: { ...plain.array, ...change } }, 'array');
}

function withObject(plain: Plain, change: Partial<Plain['object']>): Plain {
  return mention({ ...plain, object: { ...plain.object, ...change } }, 'object');
}

function readType(plain: Plain, value: unknown, refuse: (reason: string) => void): Plain {
  const names = Array.isArray(value) ? value : [value];
  const kinds = names.map((name) => (name === 'integer' ? 'number' : name)) as Kind[];
  if (names.length === 0 || !kinds.every((kind) => ALL_KINDS.includes(kind))) {
    refuse(BAD_VALUE);
    return plain;
  }
  const isInteger = plain.number.isInteger || (names.includes('integer') && !names.includes('number'));
  return { ...plain, kinds: new Set(kinds), number: { ...plain.number, isInteger } };
}

function numberReader(
  change: (number: Plain['number'], value: number) => Plain['number'],
  allows = (value: number) => Number.isFinite(value),
): Reader {
  return (plain, value, refuse) => {
    if (typeof value === 'number' && allows(value))
      return mention({ ...plain, number: change(plain.number, value) }, 'number');
    refuse(BAD_VALUE);
    return plain;
  };
}

function countReader(kind: Kind, change: (plain: Plain, value: number) => Plain): Reader {
  return (plain, value, refuse) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) refuse(BAD_VALUE);
    else if (value > REPETITIONS_MAX) refuse(`is more than ${REPETITIONS_MAX}`);
    else return mention(change(plain, value), kind);
    return plain;
  };
}

function textReader(change: (string: Plain['string'], value: string) => Plain['string']): Reader {
  return (plain, value, refuse) => {
    if (typeof value === 'string') return mention({ ...plain, string: change(plain.string, value) }, 'string');
    refuse(BAD_VALUE);
    return plain;
  };
}

/** The formats of OpenAPI that are about numbers. A decimal that is written here always fits a double. */
function readFormat(plain: Plain, value: unknown, refuse: (reason: string) => void): Plain {
  if (value === 'float' || value === 'double') return plain;
  if (value === 'int64') return { ...plain, number: { ...plain.number, isInteger: true } };
  if (value === 'int32') {
    const { min, max } = plain.number;
    return {
      ...plain,
      number: { ...plain.number, isInteger: true, min: larger(min, -(2 ** 31)), max: smaller(max, 2 ** 31 - 1) },
    };
  }
  return textReader((string, format) => ({ ...string, formats: [...string.formats, format] }))(plain, value, refuse);
}

function schemasReader(change: (plain: Plain, schemas: readonly Schema[]) => Plain): Reader {
  return (plain, value, refuse) => {
    if (Array.isArray(value) && value.every(isSchema)) return mention(change(plain, value), 'array');
    refuse(BAD_VALUE);
    return plain;
  };
}

/** A list of schemas is what `prefixItems` was called before 2020. */
function readItems(plain: Plain, value: unknown, refuse: (reason: string) => void): Plain {
  if (Array.isArray(value)) return READERS.prefixItems!(plain, value, refuse);
  if (isSchema(value)) return withArray(plain, { items: value });
  refuse(BAD_VALUE);
  return plain;
}

function readProperties(plain: Plain, value: unknown, refuse: (reason: string) => void): Plain {
  if (isRecord(value) && Object.values(value).every(isSchema)) {
    return withObject(plain, { properties: new Map(Object.entries(value) as [string, Schema][]) });
  }
  refuse(BAD_VALUE);
  return plain;
}

function readRequired(plain: Plain, value: unknown, refuse: (reason: string) => void): Plain {
  // Draft 3 said `required: true` inside of a property, and some still write it there.
  if (typeof value === 'boolean') return plain;
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) {
    return withObject(plain, { required: new Set(value) });
  }
  refuse(BAD_VALUE);
  return plain;
}

function readPatternProperties(plain: Plain, value: unknown, refuse: (reason: string) => void): Plain {
  if (isRecord(value) && Object.values(value).every(isSchema) && Object.keys(value).every(isRegExp)) {
    return withObject(plain, { patterns: Object.entries(value) as [string, Schema][] });
  }
  refuse(BAD_VALUE);
  return plain;
}

function isRegExp(source: string): boolean {
  try {
    new RegExp(source, 'u');
    return true;
  } catch {
    return false;
  }
}
