/** A shape as a list of its fields: what each is, and what may be in it, one inside the other. */
import type { JsonSchema } from '../components.js';
import { escapeHtml, renderProse } from './html.js';

/** How deep shapes are shown in one another; messages and their parts need four. */
const DEPTH_MAX = 5;

/** The named shapes of the document. */
export type Schemas = Readonly<Record<string, JsonSchema>>;

/** The fields of a shape; empty for one that has none. */
export function renderFields(schema: JsonSchema, schemas: Schemas, depth = 0): string {
  const shape = resolve(schema, schemas);
  const properties = Object.entries((shape.properties ?? {}) as Record<string, JsonSchema>);
  if (properties.length === 0 || depth >= DEPTH_MAX) return '';
  const required = new Set((shape.required ?? []) as string[]);
  const rows = properties.map(([name, property]) => renderField(name, property, required.has(name), schemas, depth));
  return `<ul class="fields">${rows.join('')}</ul>`;
}

/** A few words for what a value is. */
export function describeType(schema: JsonSchema, schemas: Schemas): string {
  const shape = resolve(schema, schemas);
  const alternatives = alternativesOf(shape);
  if (alternatives !== undefined) {
    const areObjects = alternatives.every((one) => resolve(one, schemas).type === 'object');
    if (areObjects && typeof shape.title === 'string') return shape.title;
    return [...new Set(alternatives.map((alternative) => describeType(alternative, schemas)))].join(' or ');
  }
  if (Array.isArray(shape.enum)) return shape.enum.map((word) => JSON.stringify(word)).join(' | ');
  if (shape.const !== undefined) return JSON.stringify(shape.const);
  if (shape.type === 'array') return `list of ${describeType((shape.items ?? {}) as JsonSchema, schemas)}`;
  if (shape.type === 'object') return typeof shape.title === 'string' ? shape.title : 'object';
  return typeof shape.type === 'string' ? shape.type : 'anything';
}

function renderField(name: string, schema: JsonSchema, isRequired: boolean, schemas: Schemas, depth: number): string {
  const inner = shapesInside(schema, schemas)
    .map(({ title, shape }) => renderInner(title, shape, schemas, depth))
    .join('');
  const description = descriptionOf(schema, schemas);
  const note = noteOf(schema, schemas);
  return (
    `<li><div class="field"><code class="name">${escapeHtml(name)}</code>` +
    `<span class="type">${escapeHtml(describeType(schema, schemas))}</span>` +
    `${isRequired ? '<span class="required">required</span>' : ''}</div>` +
    `${typeof description === 'string' ? `<p>${renderProse(description)}</p>` : ''}` +
    `${note === '' ? '' : `<p class="note">${escapeHtml(note)}</p>`}${inner}</li>`
  );
}

/** Its own, or that of the one shape that it can have. */
function descriptionOf(schema: JsonSchema, schemas: Schemas): unknown {
  const shape = resolve(schema, schemas);
  const [only, ...others] = alternativesOf(shape) ?? [];
  const ofOnly = only !== undefined && others.length === 0 ? resolve(only, schemas).description : undefined;
  return schema.description ?? shape.description ?? ofOnly;
}

function renderInner(title: string, shape: JsonSchema, schemas: Schemas, depth: number): string {
  const fields = renderFields(shape, schemas, depth + 1);
  return fields === '' ? '' : `<details><summary>${escapeHtml(title)}</summary>${fields}</details>`;
}

/** The objects that a value is, or holds, with what they are called. */
function shapesInside(schema: JsonSchema, schemas: Schemas): { title: string; shape: JsonSchema }[] {
  const shape = resolve(schema, schemas);
  const alternatives = alternativesOf(shape);
  if (alternatives !== undefined) return alternatives.flatMap((alternative) => shapesInside(alternative, schemas));
  if (shape.type === 'array') return shapesInside((shape.items ?? {}) as JsonSchema, schemas);
  if (shape.type !== 'object' || shape.properties === undefined) return [];
  return [{ title: typeof shape.title === 'string' ? shape.title : 'its fields', shape }];
}

/** Ranges and defaults. */
function noteOf(schema: JsonSchema, schemas: Schemas): string {
  const shape = resolve(schema, schemas);
  const ranged = [shape, ...(alternativesOf(shape) ?? []).map((alternative) => resolve(alternative, schemas))];
  const parts = ranged.flatMap(rangeOf);
  if (schema.default !== undefined) parts.push(`default ${JSON.stringify(schema.default)}`);
  return [...new Set(parts)].join(' · ');
}

const RANGES: readonly (readonly [keyword: string, write: (value: unknown) => string])[] = [
  ['minimum', (value) => `at least ${value}`],
  ['exclusiveMinimum', (value) => `above ${value}`],
  ['maximum', (value) => `at most ${value}`],
  ['maxLength', (value) => `at most ${value} characters`],
  ['minItems', (value) => `at least ${value} of them`],
  ['maxItems', (value) => `at most ${value} of them`],
];

function rangeOf(shape: JsonSchema): string[] {
  return RANGES.flatMap(([keyword, write]) => (shape[keyword] === undefined ? [] : [write(shape[keyword])]));
}

/** The alternatives of a shape but for null, which says only that the key may as well be left out. */
function alternativesOf({ anyOf }: JsonSchema): JsonSchema[] | undefined {
  if (!Array.isArray(anyOf)) return undefined;
  return (anyOf as JsonSchema[]).filter(({ type }) => type !== 'null');
}

function resolve(schema: JsonSchema, schemas: Schemas): JsonSchema {
  if (typeof schema.$ref !== 'string') return schema;
  return schemas[schema.$ref.slice('#/components/schemas/'.length)] ?? {};
}
