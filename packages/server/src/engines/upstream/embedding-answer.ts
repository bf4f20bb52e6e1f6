/** Embeddings as they come from an upstream engine: one JSON object, of which ours is made. */
import { type EmbeddingResponse, encodeEvent, inputsOf, type Usage } from '@plumb/wire';
import type { EmbeddingJob, GenerationEnd } from '../engine.js';
import type { UpstreamAnswer } from './answer.js';
import { estimateInputs } from './estimate-tokens.js';
import { engineFailure, type UpstreamFailure } from './failure.js';
import { asCount, isRecord } from './json.js';
import { parse } from './read-chunks.js';
import { readErrorObject } from './read-error.js';
import { type UpstreamUsage, writeUsage } from './read-usage.js';
import type { UpstreamParts } from './upstream-parts.js';

/** The largest answer that is read, in bytes: 2048 vectors of 4096 numbers, written out. */
export const EMBEDDING_BYTES_MAX = 192 * 1024 * 1024;

type Vector = EmbeddingResponse['data'][number]['embedding'];

export class EmbeddingAnswer implements UpstreamAnswer {
  readonly thinking = false;
  readonly isDone = false;
  readonly events = 0;
  readonly #job: EmbeddingJob;
  readonly #redact: (text: string) => string;
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  #promptTokens: number;
  #vectors: readonly Vector[] | undefined;

  constructor(job: EmbeddingJob, { endpoint }: UpstreamParts) {
    this.#job = job;
    this.#redact = endpoint.redact;
    this.#promptTokens = estimateInputs(job.request);
  }

  get hasOutput(): boolean {
    return this.#vectors !== undefined;
  }

  get isFinished(): boolean {
    return this.#vectors !== undefined;
  }

  push(bytes: Buffer): UpstreamFailure | undefined {
    this.#bytes += bytes.length;
    if (this.#bytes > EMBEDDING_BYTES_MAX)
      return engineFailure(`its answer is larger than ${EMBEDDING_BYTES_MAX} bytes`);
    this.#pieces.push(bytes);
    return undefined;
  }

  end(): UpstreamFailure | undefined {
    const value = parse(Buffer.concat(this.#pieces).toString());
    this.#pieces.length = 0;
    const failure = readErrorObject(value, this.#redact);
    if (failure !== undefined) return failure;
    const { request } = this.#job;
    this.#vectors = readVectors(value, inputsOf(request.input).length);
    if (this.#vectors === undefined)
      return engineFailure('it answered with something that is not one vector for each input');
    const { usage } = value as { usage?: unknown };
    this.#promptTokens = (isRecord(usage) ? asCount(usage.prompt_tokens) : undefined) ?? this.#promptTokens;
    return undefined;
  }

  conclude(): GenerationEnd {
    const { model, request } = this.#job;
    const written = request.encoding_format === 'base64' ? toBase64 : toNumbers;
    const answer: EmbeddingResponse = {
      object: 'list',
      data: (this.#vectors ?? []).map((vector, index) => ({ object: 'embedding', index, embedding: written(vector) })),
      model,
      usage: { prompt_tokens: this.#promptTokens, total_tokens: this.#promptTokens },
    };
    const lastEvents = Buffer.from(encodeEvent(JSON.stringify(answer)));
    return { finishReason: 'stop', usage: this.usage(), lastEvents };
  }

  usage(): Usage {
    const used: UpstreamUsage = {
      promptTokens: this.#promptTokens,
      ...{ completionTokens: 0, cachedTokens: 0, reasoningTokens: 0 },
    };
    return writeUsage(used, false);
  }

  take(): Buffer | undefined {
    return undefined;
  }
}

/** The vectors in the order of the inputs, whichever they came in; undefined unless there is one for each. */
function readVectors(value: unknown, inputs: number): Vector[] | undefined {
  if (!isRecord(value) || !Array.isArray(value.data) || value.data.length !== inputs) return undefined;
  const vectors = new Array<Vector | undefined>(inputs).fill(undefined);
  for (const [place, entry] of value.data.entries()) {
    if (!isRecord(entry) || !isVector(entry.embedding)) return undefined;
    vectors[asCount(entry.index) ?? place] = entry.embedding;
  }
  return vectors.length === inputs && vectors.every((vector) => vector !== undefined) ? vectors : undefined;
}

function isVector(value: unknown): value is Vector {
  if (typeof value === 'string') return value !== '';
  return Array.isArray(value) && value.length > 0 && value.every((number) => typeof number === 'number');
}

/** Servers differ in whether they can send base64. */
function toBase64(vector: Vector): string {
  if (typeof vector === 'string') return vector;
  const bytes = Buffer.alloc(vector.length * Float32Array.BYTES_PER_ELEMENT);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * Float32Array.BYTES_PER_ELEMENT);
  return bytes.toString('base64');
}

function toNumbers(vector: Vector): number[] {
  if (typeof vector !== 'string') return vector;
  const bytes = Buffer.from(vector, 'base64');
  const length = Math.floor(bytes.length / Float32Array.BYTES_PER_ELEMENT);
  return Array.from({ length }, (_, index) => bytes.readFloatLE(index * Float32Array.BYTES_PER_ELEMENT));
}
