/** A generation that breaks after some chunks, or before the last chunk of a shorter one. */
import { type ApiError, EventDecoder, encodeEvent, type Usage } from '@plumb/wire';
import type { FailureReason, GenerationEnd, GenerationSink, RunningGeneration } from '../../engines/engine.js';

/** What happens where it breaks. */
export interface Break {
  /** Whether the engine is left to itself, and what it produces still passes on. Default: it is stopped, and nothing does. */
  readonly goesOn?: boolean;
  /** At the moment of the break. */
  begin?(): void;
  /** When the engine has ended after that. `next` is the data of the chunk that would have come; undefined without one. */
  end(end: GenerationEnd, sink: GenerationSink, next: string | undefined): void;
}

export class BrokenGeneration implements GenerationSink {
  readonly #sink: GenerationSink;
  readonly #after: number;
  readonly #break: Break;
  #decoder = new EventDecoder();
  #passed = 0;
  #isBroken = false;
  #next: string | undefined;
  #running: RunningGeneration | undefined;

  constructor(sink: GenerationSink, after: number, how: Break) {
    this.#sink = sink;
    this.#after = after;
    this.#break = how;
  }

  /** Takes over a generation that sends its events here. */
  run(running: RunningGeneration): RunningGeneration {
    this.#running = running;
    return running;
  }

  onBegun(): void {
    this.#sink.onBegun();
  }

  onEvents(bytes: Uint8Array): void {
    for (const { data } of this.#decoder.push(bytes)) {
      if (!this.#isBroken && this.#passed >= this.#after) this.#breakAt(data);
      if (this.#isBroken && this.#break.goesOn !== true) return;
      this.#passed += 1;
      this.#sink.onEvents(Buffer.from(encodeEvent(data)));
    }
  }

  onEnd(end: GenerationEnd): void {
    if (!this.#isBroken) this.#breakAt(end.lastEvents && this.#decoder.push(end.lastEvents)[0]?.data);
    this.#break.end(end, this.#sink, this.#next);
  }

  onFailure(error: ApiError, usage?: Usage, reason?: FailureReason): void {
    this.#sink.onFailure(error, usage, reason);
  }

  restart(): boolean {
    if (this.#isBroken || this.#sink.restart?.() !== true) return false;
    this.#decoder = new EventDecoder();
    this.#passed = 0;
    return true;
  }

  #breakAt(next: string | undefined): void {
    this.#isBroken = true;
    this.#next = next;
    this.#break.begin?.();
    if (this.#break.goesOn !== true) this.#running?.abort();
  }
}
