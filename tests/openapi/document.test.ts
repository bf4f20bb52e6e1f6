/** The OpenAPI document: valid for somebody else, complete, and true of what the server answers. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { ADMIN_PREFIX, ADMIN_ROUTES } from '#server/admin/routes.js';
import { OPEN_ROUTES, PREFIXES, ROUTES } from '#server/http/routes.js';
import { buildDocument, type OpenApiDocument } from '#server/openapi/build-document.js';
import { AnsweringEngine } from '../support/answering-engine.js';
import { startPlumb, type TestServer } from '../support/plumb.js';

const MODEL = { aliases: [], pool: 'embedded', thinking: 'disabled', owned_by: 'test' };
const document = buildDocument({ version: '1.2.3', admin: true });

let plumb: TestServer;
let served: OpenApiDocument;
before(async () => {
  const engine = new AnsweringEngine();
  const models = [
    { ...MODEL, id: 'deepseek-chat' },
    { ...MODEL, id: 'text-embedding', kind: 'embeddings' },
  ];
  plumb = await startPlumb({ engine, embeddings: { engine }, settings: { models } });
  served = JSON.parse(await (await fetch(`${plumb.url}/openapi.json`)).text());
});
after(() => plumb.stop());

/** Operations as `GET /v1/models`. */
function operationsOf({ paths }: OpenApiDocument): string[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

describe('the document', () => {
  for (const admin of [true, false]) {
    test(`is valid OpenAPI 3.1 for an independent validator, ${admin ? 'with' : 'without'} the admin API`, async () => {
      const built = buildDocument({ version: '1.2.3', admin });
      const validator = new Validator();
      const { valid, errors } = await validator.validate(JSON.parse(JSON.stringify(built)));
      assert.deepEqual(errors ?? [], []);
      assert.equal(valid, true);
      assert.equal(validator.version, '3.1');
    });
  }

  test('is served without a key, and may be read from anywhere', async () => {
    const response = await fetch(`${plumb.url}/openapi.json`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/json');
    assert.equal(response.headers.get('access-control-allow-origin'), '*');
    assert.equal(served.openapi, '3.1.1');
  });

  test('has every route of the public API once, under one of its prefixes', () => {
    const operations = operationsOf(document);
    for (const [pattern, methods] of Object.entries(ROUTES)) {
      for (const method of Object.keys(methods)) {
        const spelled = PREFIXES.filter((prefix) => operations.includes(`${method} ${prefix}${pattern}`));
        assert.equal(spelled.length, 1, `${method} ${pattern}`);
      }
    }
  });

  test('has every route of the admin API', () => {
    const operations = operationsOf(document);
    for (const [pattern, methods] of Object.entries(ADMIN_ROUTES)) {
      for (const method of Object.keys(methods)) {
        assert.ok(operations.includes(`${method} ${ADMIN_PREFIX}${pattern}`), `${method} ${pattern}`);
      }
    }
  });

  test('has nothing that is not served', () => {
    const routed = new Set([
      ...Object.keys(OPEN_ROUTES).map((path) => path),
      ...Object.keys(ROUTES).flatMap((pattern) => PREFIXES.map((prefix) => prefix + pattern)),
      ...Object.keys(ADMIN_ROUTES).map((pattern) => ADMIN_PREFIX + pattern),
    ]);
    for (const path of Object.keys(document.paths)) assert.ok(routed.has(path), path);
  });

  test('leaves the admin API out where it is not served', () => {
    const paths = Object.keys(buildDocument({ version: '1', admin: false }).paths);
    assert.ok(paths.length > 0 && !paths.some((path) => path.startsWith(ADMIN_PREFIX)));
  });

  test('names every operation differently', () => {
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((one) => one.operationId),
    );
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(ids.includes('postChatCompletions'));
  });

  test('refers to nothing that it does not have', () => {
    const text = JSON.stringify(document);
    for (const [, pointer] of text.matchAll(/"\$ref":"#([^"]*)"/g)) {
      const steps = pointer!.split('/').slice(1);
      let found: unknown = document;
      for (const step of steps) found = (found as Record<string, unknown>)[step];
      assert.ok(found !== undefined, pointer);
    }
  });

  test('says which limits an answer shows, and when to come again', () => {
    const chat = document.paths['/v1/chat/completions']?.post as { responses: Record<string, { headers: object }> };
    const headers = Object.keys(chat.responses[200]!.headers);
    for (const axis of ['requests', 'tokens']) {
      for (const part of ['limit', 'remaining', 'reset']) assert.ok(headers.includes(`x-ratelimit-${part}-${axis}`));
    }
    const { responses } = document.components as unknown as { responses: Record<string, { headers: object }> };
    assert.ok('retry-after' in responses.error429!.headers);
  });

  test('says where an Idempotency-Key is taken, and how an answer of an earlier request is told', () => {
    type Described = { parameters?: { name: string }[]; responses: Record<string, { headers?: object }> };
    const taking = Object.entries(document.paths).filter(([, methods]) => {
      const { parameters = [], responses } = (methods.post ?? { responses: {} }) as unknown as Described;
      const isTaken = parameters.some(({ name }) => name === 'Idempotency-Key');
      if (isTaken) assert.ok('409' in responses);
      if (isTaken) assert.ok('idempotent-replayed' in (responses[200]?.headers ?? {}));
      return isTaken;
    });
    assert.deepEqual(
      taking.map(([path]) => path),
      ['/v1/chat/completions', '/beta/completions', '/v1/embeddings'],
    );
  });
});

describe('what the server says is what the document says', () => {
  /** Whether a value has a shape of the document, for another library than the one that the server uses. */
  function assertShape(name: string, value: unknown): void {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(served as object, 'document');
    const validate = ajv.getSchema(`document#/components/schemas/${name}`);
    assert.ok(validate, `there is no ${name}`);
    assert.ok(validate(value), `${name}: ${JSON.stringify(validate.errors)}\n${JSON.stringify(value)}`);
  }

  async function read(path: string, body?: object): Promise<string> {
    return (await plumb.request(path, body === undefined ? {} : { method: 'POST', body })).text();
  }

  const CHAT = { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }] };
  const COMPLETION = { model: 'deepseek-chat', prompt: 'Hi' };
  const dataOf = (stream: string) => JSON.parse(stream.slice('data: '.length, stream.indexOf('\n\n')));

  test('of chat, buffered and streamed', async () => {
    assertShape('ChatResponse', JSON.parse(await read('/v1/chat/completions', CHAT)));
    assertShape('ChatChunk', dataOf(await read('/v1/chat/completions', { ...CHAT, stream: true })));
  });

  test('of completions, buffered and streamed', async () => {
    assertShape('CompletionResponse', JSON.parse(await read('/beta/completions', COMPLETION)));
    assertShape('CompletionChunk', dataOf(await read('/beta/completions', { ...COMPLETION, stream: true })));
  });

  test('of embeddings', async () => {
    assertShape(
      'EmbeddingResponse',
      JSON.parse(await read('/v1/embeddings', { model: 'text-embedding', input: 'Hi' })),
    );
  });

  test('of models, balance and errors', async () => {
    assertShape('ModelList', JSON.parse(await read('/models')));
    assertShape('ModelObject', JSON.parse(await read('/models/deepseek-chat')));
    assertShape('UserBalance', JSON.parse(await read('/user/balance')));
    assertShape('ErrorBody', JSON.parse(await read('/v1/chat/completions', {})));
  });

  test('of the examples: the server takes each of them', async () => {
    const bodies = Object.entries(served.paths).flatMap(([path, methods]) => {
      const content = (methods.post as { requestBody?: { content: Record<string, { example?: object }> } })
        ?.requestBody;
      const example = content?.content['application/json']?.example;
      return example === undefined || path.startsWith(ADMIN_PREFIX) ? [] : [{ path, example }];
    });
    assert.equal(bodies.length, 3);
    for (const { path, example } of bodies) {
      assert.equal((await plumb.request(path, { method: 'POST', body: example })).status, 200, path);
    }
  });
});
