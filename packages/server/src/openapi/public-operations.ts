/** What clients can do with an API key, and without any. */
import {
  ChatChunk,
  ChatRequest,
  ChatResponse,
  CompletionChunk,
  CompletionRequest,
  CompletionResponse,
  EmbeddingRequest,
  EmbeddingResponse,
  ModelList,
  ModelObject,
  UserBalance,
} from '@plumb/wire';
import { Type } from '@plumb/wire/schema';
import type { ErrorStatus, Operation } from './operation.js';

const GENERATING_ERRORS: readonly ErrorStatus[] = [400, 401, 402, 403, 409, 413, 415, 429, 500, 503];
const STREAM =
  'Buffered: one JSON object. With `stream: true`: server-sent events whose data are chunks, the last one with ' +
  '`finish_reason` and `usage`, then `data: [DONE]`. While nothing is ready, `: keep-alive` comments or blank lines come.';

export const PUBLIC_OPERATIONS: readonly Operation[] = [
  {
    method: 'POST',
    path: '/v1/chat/completions',
    tag: 'Chat',
    summary: 'Answer a conversation',
    description:
      'Answers the last message. Thinking, tools, JSON answers and a prefix of the answer are all fields of the body. ' +
      'The conversation is sent whole every time; what was read before comes from the cache.',
    body: ChatRequest,
    example: { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Why is the sea salty?' }] },
    answer: {
      status: 200,
      description: STREAM,
      content: { 'application/json': ChatResponse, 'text/event-stream': ChatChunk },
    },
    errors: [...GENERATING_ERRORS, 422],
    key: 'api',
    showsLimits: true,
    payableOnce: true,
  },
  {
    method: 'POST',
    path: '/beta/completions',
    tag: 'Completions',
    summary: 'Continue a text or fill a gap',
    description:
      'Continues `prompt`; with a `suffix` it writes what belongs between the two, on models that were trained for it. ' +
      'Nothing is thought first. Outside of `/beta` it is served unless the server has `contract: strict`.',
    body: CompletionRequest,
    example: { model: 'deepseek-chat', prompt: 'def add(a, b):\n', suffix: '\nprint(add(1, 2))', max_tokens: 64 },
    answer: {
      status: 200,
      description: STREAM,
      content: { 'application/json': CompletionResponse, 'text/event-stream': CompletionChunk },
    },
    errors: GENERATING_ERRORS,
    key: 'api',
    showsLimits: true,
    payableOnce: true,
  },
  {
    method: 'POST',
    path: '/v1/embeddings',
    tag: 'Embeddings',
    summary: 'Make vectors of texts',
    description: 'One vector of length 1 for each input. 404 until a model for it is configured.',
    body: EmbeddingRequest,
    example: { model: 'text-embedding', input: ['The lake is deep.', 'The line is long.'] },
    answer: {
      status: 200,
      description: 'Vectors in the order of the inputs.',
      content: { 'application/json': EmbeddingResponse },
    },
    errors: [...GENERATING_ERRORS, 404],
    key: 'api',
    showsLimits: true,
    payableOnce: true,
  },
  {
    method: 'GET',
    path: '/v1/models',
    tag: 'Models',
    summary: 'List the models',
    description: 'The configured models in their order, with what is known of them. Aliases work and are not listed.',
    answer: { status: 200, description: 'All of them.', content: { 'application/json': ModelList } },
    errors: [401, 500, 503],
    key: 'api',
    showsLimits: true,
  },
  {
    method: 'GET',
    path: '/v1/models/{id}',
    tag: 'Models',
    summary: 'Show a model',
    description: 'One model, by its id or an alias.',
    id: 'The id or an alias of a model, such as deepseek-chat.',
    answer: { status: 200, description: 'The model.', content: { 'application/json': ModelObject } },
    errors: [401, 404, 500, 503],
    key: 'api',
    showsLimits: true,
  },
  {
    method: 'GET',
    path: '/user/balance',
    tag: 'Balance',
    summary: 'Show what can be spent',
    description: 'What the account of the key can spend. Amounts are texts with two decimals, rounded down.',
    answer: {
      status: 200,
      description: 'One entry for the currency of the server.',
      content: { 'application/json': UserBalance },
    },
    errors: [401, 500, 503],
    key: 'api',
    showsLimits: true,
  },
  {
    method: 'GET',
    path: '/healthz',
    tag: 'Operation',
    summary: 'Is the process up?',
    description: 'For load balancers and scripts.',
    answer: {
      status: 200,
      description: 'It is.',
      content: { 'application/json': Type.Object({ status: Type.Literal('ok') }, { title: 'Health' }) },
    },
    errors: [],
    key: 'none',
  },
  {
    method: 'GET',
    path: '/readyz',
    tag: 'Operation',
    summary: 'Can a request be answered?',
    description: '200 once every engine can answer, 503 before that and while the server stops.',
    answer: {
      status: 200,
      description: 'It can.',
      content: { 'application/json': Type.Object({ status: Type.Literal('ready') }, { title: 'Readiness' }) },
    },
    errors: [503],
    key: 'none',
  },
];
