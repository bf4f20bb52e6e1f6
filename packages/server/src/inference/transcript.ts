/** What an answer consists of, written down while it is sent, so that the next request of its key gets the same bytes. */
import { encodeEvent } from '@plumb/wire';
import type { Claim, KeptAnswer } from '../idempotency/kept-answer.js';
import { pack } from '../idempotency/pack.js';

export interface TranscriptOptions {
  /** What it is written down for. */
  readonly claim: Claim;
  /** The longest answer that is kept, in bytes as they are sent. */
  readonly limitBytes: number;
  /** How long it is kept, in ms. */
  readonly retentionMs: number;
}

export class Transcript {
  readonly claim: Claim;
  readonly #options: TranscriptOptions;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #answer: KeptAnswer | undefined;

  constructor(options: TranscriptOptions) {
    this.claim = options.claim;
    this.#options = options;
  }

  /** Takes events as they are sent. */
  addEvents(events: string | Uint8Array): void {
    if (this.#bytes > this.#options.limitBytes) return;
    // A copy: the bytes may be a window on a much larger buffer.
    const piece = Buffer.from(events);
    this.#bytes += piece.length;
    if (this.#bytes > this.#options.limitBytes) this.#pieces = [];
    else this.#pieces.push(piece);
  }

  /** Takes a buffered body: as one event, which is what bodies are made of. */
  addBody(json: string): void {
    this.addEvents(encodeEvent(json));
  }

  /** The answer as it is kept. Never rejects: what cannot be packed is not kept, like what is too long. */
  async finish(model: string, now: number): Promise<KeptAnswer> {
    const isKept = this.#bytes <= this.#options.limitBytes;
    const content = isKept ? await pack(Buffer.concat(this.#pieces)).catch(() => undefined) : undefined;
    this.#pieces = [];
    this.#answer = { model, content, expiresAt: now + this.#options.retentionMs };
    return this.#answer;
  }

  /** What `finish` has made; undefined before. */
  get answer(): KeptAnswer | undefined {
    return this.#answer;
  }
}
