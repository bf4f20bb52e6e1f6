/** Holds a stream until its first token, then passes its bytes on and watches for its end. */
import { EventDecoder } from '@plumb/wire/sse';
import {
  type AnswerFacts,
  type Dialect,
  type JsonObject,
  parseObject,
  type WrittenError,
} from '../dialects/dialect.js';
import { AnswerTally } from './answer-tally.js';
import { type AnswerEnd, type AttemptResult, type Running, toFailure } from './attempt.js';
import { codeOf, type Failure, judge, requestIdOf } from './failure.js';
import { statusOf } from './hold-buffered.js';
import type { Generation } from './outgoing.js';
import { RawEvents } from './raw-events.js';
import { rebuildHead } from './rebuild-head.js';

/** What is held of a stream that does not begin: keep-alives of an hour are less. */
const HELD_BYTES_MAX = 1024 * 1024;

export async function holdStream(running: Running, generation: Generation): Promise<AttemptResult> {
  const { response, context, release, abort } = running;
  const stream = new WatchedStream(running, generation.dialect);
  const failure = context.holds ? await stream.begin() : undefined;
  if (failure !== undefined) {
    release();
    abort();
    return { kind: 'failure', failure, verdict: judge(failure.code, undefined) };
  }
  const body = new ReadableStream<Uint8Array>(stream, { highWaterMark: 0 });
  return {
    kind: 'answer',
    response: new Response(body, rebuildHead(response)),
    requestId: requestIdOf(response.headers),
  };
}

/** A stream as its reader asks for it: one read of the endpoint for each pull, so that a slow reader slows it down. */
class WatchedStream {
  readonly #running: Running;
  readonly #dialect: Dialect;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #raw = new RawEvents();
  readonly #decoder = new EventDecoder();
  readonly #tally = new AnswerTally();
  #held: Uint8Array[] = [];
  #hasBegun = false;
  #isOver = false;
  #hasEnded = false;

  constructor(running: Running, dialect: Dialect) {
    this.#running = running;
    this.#dialect = dialect;
    this.#reader = running.response.body!.getReader();
  }

  /** Reads up to the first token. Returns what went wrong before it. */
  async begin(): Promise<Failure | undefined> {
    let heldBytes = 0;
    while (this.#tally.outputs === 0 && heldBytes < HELD_BYTES_MAX) {
      const error = await this.#read((bytes) => {
        heldBytes += bytes.length;
        this.#held.push(bytes);
      });
      if (error !== undefined) return this.#toFailure(error);
      if (this.#isOver) {
        return this.#isComplete ? undefined : this.#toFailure({ message: EMPTY, type: 'invalid_answer', code: 502 });
      }
    }
    if (this.#tally.outputs === 1 && this.#tally.finish === 'insufficient_system_resource') {
      return this.#toFailure({ message: UNAVAILABLE, type: 'invalid_answer', code: 503 });
    }
    return undefined;
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const pass = (bytes: Uint8Array) => controller.enqueue(bytes);
    let isPassed = this.#held.length > 0;
    for (const bytes of this.#held) pass(bytes);
    this.#held = [];
    while (!isPassed && !this.#isOver) {
      const error = await this.#readOn((bytes) => {
        isPassed = true;
        pass(bytes);
      });
      if (error === undefined) continue;
      const { signal } = this.#running.outgoing;
      if (signal?.aborted) {
        this.#end({ how: 'left', tally: this.#tally });
        return controller.error(signal.reason);
      }
      pass(new TextEncoder().encode(this.#dialect.writeErrorEvent(error)));
      this.#end({ how: 'interrupted', tally: this.#tally, error });
      this.#running.abort();
      return controller.close();
    }
    if (isPassed) return;
    this.#end({ how: 'complete', tally: this.#tally });
    controller.close();
  }

  cancel(): void {
    this.#end({ how: this.#isComplete ? 'complete' : 'left', tally: this.#tally });
    this.#running.abort();
  }

  /** A read in the middle of the answer: whatever breaks it is an error that the stream itself tells. */
  async #readOn(pass: (bytes: Uint8Array) => void): Promise<WrittenError | undefined> {
    try {
      const error = await this.#read(pass);
      if (error !== undefined) return error;
      return this.#isOver && !this.#isComplete ? INTERRUPTED : undefined;
    } catch (error) {
      this.#isOver = true;
      if (this.#isComplete) return undefined;
      return { ...INTERRUPTED, message: `${INTERRUPTED.message} ${this.#running.explain(error).error.message}` };
    }
  }

  /** Takes the next bytes of the endpoint and hands on the events that they complete. Returns an error among them. */
  async #read(pass: (bytes: Uint8Array) => void): Promise<WrittenError | undefined> {
    const { done, value } = await this.#reader.read();
    if (this.#hasBegun) this.#running.watchdog.heard();
    if (done) this.#isOver = true;
    for (const bytes of done ? this.#lastEvent() : this.#raw.push(value)) {
      const facts = this.#readEvent(bytes);
      if (facts.error !== undefined) return facts.error;
      const { hidesUsage, turnBack } = this.#running.context.prepared;
      if (!(facts.isUsageOnly && hidesUsage)) pass(turnBack === undefined ? bytes : rewriteEvent(bytes, turnBack));
    }
    return undefined;
  }

  /** The event that the endpoint did not end with a blank line, if it is whole all the same. */
  #lastEvent(): Uint8Array[] {
    const text = new TextDecoder().decode(this.#raw.rest).trimEnd();
    const data = text.slice(text.lastIndexOf('data:') + 'data:'.length).trim();
    const isWhole = text.startsWith('data:') && (data === '[DONE]' || parseObject(data) !== undefined);
    return isWhole ? [new TextEncoder().encode(`${text}\n\n`)] : [];
  }

  #readEvent(bytes: Uint8Array): AnswerFacts {
    const [event] = this.#decoder.push(bytes);
    if (event === undefined) return {};
    const facts = this.#dialect.readEvent(event);
    this.#tally.add(facts);
    if (!this.#hasBegun && this.#tally.outputs > 0) this.#begin();
    return facts;
  }

  /** Until here keep-alives did not count, from here on they do. */
  #begin(): void {
    this.#hasBegun = true;
    const { stallMs } = this.#running.context.timeouts;
    this.#running.watchdog.expect(stallMs, `The stream stopped for ${stallMs / 1000} s.`);
  }

  get #isComplete(): boolean {
    return this.#tally.finish !== undefined || (this.#tally.isEnd && this.#dialect.name === 'responses');
  }

  #toFailure(error: WrittenError): Failure {
    const status = statusOf(error.code);
    const code = error.type === 'invalid_answer' ? 'invalid_answer' : codeOf(status, error);
    return toFailure(code, error, { status, headers: this.#running.response.headers });
  }

  #end(end: AnswerEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#running.release();
    this.#running.context.ended(end);
  }
}

/** An event whose data is changed. */
function rewriteEvent(bytes: Uint8Array, change: (body: JsonObject) => JsonObject): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  const chunk = text.startsWith('data:') ? parseObject(text.slice('data:'.length)) : undefined;
  return chunk === undefined ? bytes : new TextEncoder().encode(`data: ${JSON.stringify(change(chunk))}\n\n`);
}

const EMPTY = 'The stream ended before its first token.';
const UNAVAILABLE = 'The endpoint broke the answer off for lack of resources.';
const INTERRUPTED = {
  message: 'The stream ended in the middle of the answer, without a finish_reason.',
  type: 'stream_interrupted',
  code: 'stream_interrupted',
} as const;
