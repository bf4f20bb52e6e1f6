/** Receives a generation and remembers all of it. */
import assert from 'node:assert/strict';
import { type ApiError, type ChatChunk, ChatFold, type ChatResponse, EventDecoder, type Usage } from '@plumb/wire';
import type { FailureReason, GenerationEnd, GenerationSink } from '#server/engines/engine.js';

export interface RecordedFailure {
  readonly error: ApiError;
  readonly usage: Usage | undefined;
  readonly reason: FailureReason | undefined;
}

export class RecordingSink implements GenerationSink {
  readonly takesResponse: boolean;
  begun = 0;
  readonly pieces: string[] = [];
  end: GenerationEnd | undefined;
  failure: RecordedFailure | undefined;
  readonly #ended = Promise.withResolvers<void>();
  /** Is called after each piece. */
  onPiece: () => void = () => {};

  constructor(takesResponse = false) {
    this.takesResponse = takesResponse;
  }

  /** Resolves with the one ending. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get hasEnded(): boolean {
    return this.end !== undefined || this.failure !== undefined;
  }

  /** The events before the last ones. */
  get text(): string {
    return this.pieces.join('');
  }

  /** All events of a complete answer. */
  get wholeText(): string {
    return this.text + Buffer.from(this.end?.lastEvents ?? []).toString();
  }

  get chunks(): ChatChunk[] {
    return new EventDecoder().push(Buffer.from(this.wholeText)).map(({ data }) => JSON.parse(data) as ChatChunk);
  }

  /** The answer as a client sees it that does not stream. */
  get response(): ChatResponse {
    if (this.end?.response !== undefined) return this.end.response;
    const fold = new ChatFold();
    for (const chunk of this.chunks) fold.add(chunk);
    return fold.response();
  }

  onBegun(): void {
    this.#assertOpen();
    this.begun += 1;
  }

  onEvents(bytes: Uint8Array): void {
    this.#assertOpen();
    assert.equal(this.begun, 1, 'it begins before it sends events');
    this.pieces.push(Buffer.from(bytes).toString());
    this.onPiece();
  }

  onEnd(end: GenerationEnd): void {
    this.#assertOpen();
    this.end = end;
    this.#ended.resolve();
  }

  onFailure(error: ApiError, usage?: Usage, reason?: FailureReason): void {
    this.#assertOpen();
    this.failure = { error, usage, reason };
    this.#ended.resolve();
  }

  #assertOpen(): void {
    assert.ok(!this.hasEnded, 'nothing comes after the ending');
  }
}
