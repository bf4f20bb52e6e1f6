/** `POST /embeddings`: vectors of texts, in the shape of OpenAI's API; DeepSeek's has none. */
import { notFound, readEmbeddingRequest, serviceUnavailable } from '@plumb/wire';
import { requireModel } from '../../accounts/permissions.js';
import type { EmbeddingJob } from '../../engines/engine.js';
import type { AnswerForm } from '../../inference/answer-form.js';
import { serveGeneration } from '../../inference/serve-generation.js';
import { createRequestId } from '../../ledger/request-id.js';

export const serveEmbeddings = serveGeneration(({ platform, caller }, value, bytes) => {
  if (!platform.catalog.has('embeddings')) throw notFound(NOT_CONFIGURED);
  const request = readEmbeddingRequest(value, bytes);
  const model = platform.catalog.resolve(request.model, 'embeddings');
  requireModel(caller.key, model.id);
  const engine = platform.engines.lease(model);
  const { embed, countInputTokens } = engine;
  if (embed === undefined || countInputTokens === undefined) {
    throw serviceUnavailable({ detail: `the engine of ${model.id} makes no embeddings` });
  }
  const job: EmbeddingJob = {
    id: createRequestId(platform.clock.now()),
    model: model.id,
    request,
    account: caller.account.id,
  };
  return {
    id: job.id,
    model: model.id,
    isStreamed: false,
    userId: request.user_id ?? undefined,
    thinking: undefined,
    maxAnswerTokens: 0,
    form: EMBEDDING_FORM,
    context: () => ({}),
    countPromptTokens: () => countInputTokens.call(engine, job),
    start: (sink) => embed.call(engine, job, sink),
  };
}, false);

const NOT_CONFIGURED =
  'Embeddings are not served here: no model for them is configured. Name the GGUF of an embedding model in ' +
  '`embeddings.model` of plumb.yaml, or a model of the kind `embeddings` that a pool serves.';

/** What the engine says is the body, as it is. */
const EMBEDDING_FORM: AnswerForm = {
  openFold() {
    let body = '';
    return {
      add(data) {
        body = data;
      },
      body() {
        if (body === '') throw new Error('The engine ended without embeddings.');
        return body;
      },
    };
  },
};
