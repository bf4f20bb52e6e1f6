/** The OpenAPI document: made of the shapes that requests are checked with, so that it cannot say anything else. */
import { ErrorBody } from '@plumb/wire';
import type { TObject } from 'typebox';
import { IDEMPOTENCY_KEY_CHARACTERS_MAX, REPLAYED_HEADER } from '../idempotency/idempotency-key.js';
import { ADMIN_OPERATIONS } from './admin-operations.js';
import { Components, type JsonSchema } from './components.js';
import { type Answer, ERRORS, type Operation } from './operation.js';
import { PUBLIC_OPERATIONS } from './public-operations.js';

/** An OpenAPI document, as far as this server looks into it again. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> } & JsonSchema;
}

export interface DocumentOptions {
  readonly version: string;
  /** Whether the admin API is served. */
  readonly admin: boolean;
}

const DESCRIPTION =
  "DeepSeek's API on your own machine. Every path of the public API exists without a prefix, under `/v1` and under " +
  '`/beta`. Send the key as `Authorization: Bearer sk-…` or as `x-api-key`. Keys of a body that are not known are ignored.';

export function buildDocument({ version, admin }: DocumentOptions): OpenApiDocument {
  const components = new Components();
  const operations = [...PUBLIC_OPERATIONS, ...(admin ? ADMIN_OPERATIONS : [])];
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const operation of operations) {
    const described = describeOperation(operation, components);
    paths[operation.path] = { ...paths[operation.path], [operation.method.toLowerCase()]: described };
  }
  const errorSchema = components.refer(ErrorBody);
  return {
    openapi: '3.1.1',
    info: { title: 'Plumb', version, description: DESCRIPTION },
    servers: [{ url: '/', description: 'This server.' }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: components.schemas,
      headers: HEADERS,
      responses: errorResponses(errorSchema),
      securitySchemes: {
        api: { type: 'http', scheme: 'bearer', description: 'An API key.' },
        admin: { type: 'http', scheme: 'bearer', description: 'An admin key.' },
      },
    },
  } as OpenApiDocument;
}

function describeOperation(operation: Operation, components: Components): JsonSchema {
  const { method, path, tag, summary, description, body, example, errors, key, answer, otherAnswer } = operation;
  const answers = otherAnswer === undefined ? [answer] : [answer, otherAnswer];
  const parameters = [
    ...pathParameters(operation),
    ...queryParameters(operation.query, components),
    ...(operation.payableOnce === true ? [IDEMPOTENCY_KEY] : []),
  ];
  return {
    operationId: operationId(method, path),
    tags: [tag],
    summary,
    description,
    security: key === 'none' ? [] : [{ [key]: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: components.refer(body), ...(example && { example }) } },
          },
        }),
    responses: {
      ...Object.fromEntries(answers.map((good) => [good.status, describeAnswer(good, operation, components)])),
      ...Object.fromEntries(errors.map((status) => [status, { $ref: `#/components/responses/error${status}` }])),
    },
  };
}

function describeAnswer(
  { description, content }: Answer,
  { showsLimits, payableOnce }: Operation,
  components: Components,
): JsonSchema {
  const shown = Object.keys(HEADERS).filter((name) => !RETRY_HEADERS.has(name));
  const limited = showsLimits === true ? shown.filter((name) => name !== REPLAYED_HEADER) : TRACE_HEADERS;
  const names = payableOnce === true ? [...limited, REPLAYED_HEADER] : limited;
  return {
    description,
    headers: referHeaders(names),
    content: Object.fromEntries(
      Object.entries(content).map(([type, schema]) => [type, { schema: components.refer(schema) }]),
    ),
  };
}

const IDEMPOTENCY_KEY: JsonSchema = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Has the request generated and charged once, however often it is sent with the same path and body: later ones get ' +
    'the same answer. Kept for 24 h unless the server says otherwise. An error is not kept: then the key is free again.',
  schema: { type: 'string', minLength: 1, maxLength: IDEMPOTENCY_KEY_CHARACTERS_MAX, pattern: '^[ -~]+$' },
};

function pathParameters({ path, id }: Operation): JsonSchema[] {
  if (!path.includes('{id}')) return [];
  return [{ name: 'id', in: 'path', required: true, description: id ?? '', schema: { type: 'string' } }];
}

function queryParameters(query: TObject | undefined, components: Components): JsonSchema[] {
  return Object.entries(query?.properties ?? {}).map(([name, property]) => {
    const { description, ...schema } = components.refer(property);
    return { name, in: 'query', required: false, ...(description === undefined ? {} : { description }), schema };
  });
}

/** `POST /v1/chat/completions` is `postChatCompletions`. */
function operationId(method: string, path: string): string {
  const words =
    path
      .replace(/^\/(?:v1|beta)\//, '/')
      .replace('{id}', 'one')
      .match(/[a-z]+/gi) ?? [];
  const capitalized = words.filter((word) => word !== 'v').map((word) => word[0]!.toUpperCase() + word.slice(1));
  return method.toLowerCase() + capitalized.join('');
}

function errorResponses(schema: JsonSchema): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(ERRORS).map(([status, description]) => {
      const mayComeAgain = status === '429' || status === '503';
      const headers = referHeaders(mayComeAgain ? [...TRACE_HEADERS, ...RETRY_HEADERS] : TRACE_HEADERS);
      return [`error${status}`, { description, headers, content: { 'application/json': { schema } } }];
    }),
  );
}

function referHeaders(names: readonly string[]): Record<string, JsonSchema> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

const TRACE_HEADERS: readonly string[] = ['x-ds-trace-id', 'x-request-id'];
const RETRY_HEADERS: ReadonlySet<string> = new Set(['retry-after', 'retry-after-ms']);

const text = (description: string, example: string) => ({ description, schema: { type: 'string' }, example });
const count = (description: string) => ({ description, schema: { type: 'integer', minimum: 0 } });

const HEADERS: Readonly<Record<string, JsonSchema>> = {
  'x-ds-trace-id': text('What the log of the server has of this request.', '3f2a…'),
  'x-request-id': text('The same.', '3f2a…'),
  'x-ratelimit-limit-requests': count('The limit of requests in any 60 s; absent where there is none.'),
  'x-ratelimit-remaining-requests': count('How many of them are left.'),
  'x-ratelimit-reset-requests': text('When all of them are back.', '8.64s'),
  'x-ratelimit-limit-tokens': count('The limit of tokens in any 60 s; absent where there is none.'),
  'x-ratelimit-remaining-tokens': count('How many of them are left.'),
  'x-ratelimit-reset-tokens': text('When all of them are back.', '6m0s'),
  [REPLAYED_HEADER]: text(
    '`true` where the answer was generated for an earlier request of its `Idempotency-Key`.',
    'true',
  ),
  'retry-after': count('Seconds until it is of use to come again.'),
  'retry-after-ms': count('The same in milliseconds.'),
};
