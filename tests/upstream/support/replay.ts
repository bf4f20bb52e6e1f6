/** Plays the bytes of an answer to a generation as a connection would, piece by piece and without one. */
import { ChatAnswer } from '#server/engines/upstream/chat-answer.js';
import { Deliveries } from '#server/engines/upstream/deliveries.js';
import { Endpoint } from '#server/engines/upstream/endpoint.js';
import { TokenEstimator } from '#server/engines/upstream/estimate-tokens.js';
import { FormBook } from '#server/engines/upstream/form-book.js';
import { UpstreamGeneration } from '#server/engines/upstream/generation.js';
import { UPSTREAM_KINDS, type UpstreamKindName } from '#server/engines/upstream/kinds/index.js';
import { SharedRoom } from '#server/engines/upstream/shared-room.js';
import { createJob, type JobParts } from './jobs.js';
import { RecordingSink } from './recording-sink.js';

export interface Replay extends JobParts {
  readonly kind: UpstreamKindName;
  readonly fastPath?: boolean;
  /** What is known of the engine's chunks before; nothing by default. */
  readonly forms?: FormBook;
  /** Whether the whole answer is taken at the end. */
  readonly isBuffered?: boolean;
}

/** Resolves with what the sink got. */
export async function replay(parts: Replay, pieces: readonly (string | Uint8Array)[]): Promise<RecordingSink> {
  const sink = new RecordingSink(parts.isBuffered);
  const kind = UPSTREAM_KINDS[parts.kind];
  const forms = parts.fastPath === false ? undefined : (parts.forms ?? new FormBook(kind.reasoningFields));
  const upstream = {
    ...{ kind, forms },
    endpoint: new Endpoint('http://engine.test:8000/v1', 'secret-key'),
    estimator: new TokenEstimator(),
    clock: { now: () => 0 },
    ...{ deliveries: new Deliveries(), room: new SharedRoom() },
    ...{ firstEventTimeoutMs: 1000, idleTimeoutMs: 1000 },
  };
  const answer = new ChatAnswer(createJob(parts), 'upstream-model', upstream, parts.isBuffered);
  const generation = new UpstreamGeneration({ answer, sink, upstream, onOver: () => {} });
  generation.onHeaders(200, { 'content-type': 'text/event-stream' });
  for (const piece of pieces) generation.onBytes(Buffer.from(piece));
  generation.onEnd();
  await sink.ended;
  return sink;
}

/** All that a sink got, as one text that can be compared; ids that are made by chance are made equal. */
export function transcript(sink: RecordingSink): string {
  const { end, failure } = sink;
  const { lastEvents: _, ...rest } = end ?? {};
  const ending =
    failure === undefined ? rest : { error: failure.error.detail, reason: failure.reason, usage: failure.usage };
  return `${sink.wholeText}${JSON.stringify(ending)}\n`.replace(/call_(\d\d)_[A-Za-z0-9]{24}/g, 'call_$1_RANDOM');
}
