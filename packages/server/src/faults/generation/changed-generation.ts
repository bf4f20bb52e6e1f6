/** A generation whose chunks are others than its engine made. */
import { type ApiError, type ChatChunk, EventDecoder, encodeEvent, type Usage } from '@plumb/wire';
import type { FailureReason, GenerationEnd, GenerationSink } from '../../engines/engine.js';

/** Makes what changes the chunks of one answer, in their order, from the first to the last. */
export type ChunkChange = () => (chunk: ChatChunk) => ChatChunk;

export class ChangedGeneration implements GenerationSink {
  readonly #sink: GenerationSink;
  readonly #open: ChunkChange;
  #change: (chunk: ChatChunk) => ChatChunk;
  #decoder = new EventDecoder();

  constructor(sink: GenerationSink, open: ChunkChange) {
    this.#sink = sink;
    this.#open = open;
    this.#change = open();
  }

  onBegun(): void {
    this.#sink.onBegun();
  }

  onEvents(bytes: Uint8Array): void {
    const changed = this.#rewrite(bytes);
    if (changed.length > 0) this.#sink.onEvents(changed);
  }

  onEnd(end: GenerationEnd): void {
    const { lastEvents } = end;
    this.#sink.onEnd(lastEvents === undefined ? end : { ...end, lastEvents: this.#rewrite(lastEvents) });
  }

  onFailure(error: ApiError, usage?: Usage, reason?: FailureReason): void {
    this.#sink.onFailure(error, usage, reason);
  }

  restart(): boolean {
    if (this.#sink.restart?.() !== true) return false;
    this.#change = this.#open();
    this.#decoder = new EventDecoder();
    return true;
  }

  #rewrite(bytes: Uint8Array): Buffer {
    const events = this.#decoder.push(bytes);
    const changed = events.map(({ data }) => encodeEvent(JSON.stringify(this.#change(JSON.parse(data) as ChatChunk))));
    return Buffer.from(changed.join(''));
  }
}
