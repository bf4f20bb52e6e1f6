/** Notes when the events of one stream arrive. It looks at bytes alone: parsing would take time from the engines. */
import type { RequestRecord } from './protocol.js';

const EVENT_END = Buffer.from('\n\n');
const CONTENT = Buffer.from('"content":"');
const USAGE = Buffer.from('"usage":{');
const QUOTE = 0x22;

/** Usage as Plumb and as llama-server write it. */
export interface WireUsage {
  prompt_tokens: number;
  completion_tokens: number;
  prompt_cache_hit_tokens?: number;
  prompt_tokens_details?: { cached_tokens?: number };
}

/** Follows one stream of server-sent events, however it is split on the way. */
export class StreamRecorder {
  readonly #startMs = performance.now();
  readonly #eventsMs: number[] = [];
  #rest: Buffer | undefined;
  #lastEvent = '';
  #usageEvent: string | undefined;

  /** Takes the next bytes of the stream, as of now. */
  push(bytes: Buffer): void {
    const nowMs = performance.now();
    const buffer = this.#rest === undefined ? bytes : Buffer.concat([this.#rest, bytes]);
    let start = 0;
    for (let end = buffer.indexOf(EVENT_END); end !== -1; end = buffer.indexOf(EVENT_END, start)) {
      this.#note(buffer.subarray(start, end), nowMs);
      start = end + EVENT_END.length;
    }
    this.#rest = start === buffer.length ? undefined : buffer.subarray(start);
  }

  /** What was seen of a stream that ended by itself. Throws when it did not say what it used. */
  finish(): RequestRecord {
    if (this.#usageEvent === undefined) throw new Error(`A stream ended without usage, after: ${this.#lastEvent}`);
    const event = JSON.parse(this.#usageEvent.slice(this.#usageEvent.indexOf('{'))) as { usage: WireUsage };
    return this.finishWith(event.usage);
  }

  /** The same for a stream whose usage was said outside of it. */
  finishWith(usage: WireUsage): RequestRecord {
    return {
      startMs: this.#startMs,
      eventsMs: this.#eventsMs,
      promptTokens: usage.prompt_tokens,
      cachedTokens: usage.prompt_cache_hit_tokens ?? usage.prompt_tokens_details?.cached_tokens ?? 0,
      answerTokens: usage.completion_tokens,
    };
  }

  #note(event: Buffer, nowMs: number): void {
    const content = event.indexOf(CONTENT);
    // The first event of a stream may carry an empty string beside the role.
    if (content !== -1 && event[content + CONTENT.length] !== QUOTE) this.#eventsMs.push(nowMs);
    else if (event.includes(USAGE)) this.#usageEvent = event.toString();
    else this.#lastEvent = event.toString();
  }
}
