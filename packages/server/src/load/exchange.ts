/** One request and its answer, with the time of everything that a load wants to know. */
import { type Clock, readRetryHint } from '@plumb/client';
import type { Dispatcher } from 'undici';
import { type AnswerReader, BodyReader, failure, readReason, StreamReader } from './answer-reader.js';
import type { Failure } from './sample.js';
import type { Watcher } from './sender.js';

type Controller = Dispatcher.DispatchController;
type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

class GivenUpError extends Error {
  override readonly name = 'GivenUpError';
}

export class Exchange implements Dispatcher.DispatchHandler {
  #watcher: Watcher | undefined;
  readonly #clock: Clock;
  readonly #cancelTimeout: () => void;
  #controller: Controller | undefined;
  #reader: AnswerReader | undefined;
  #status = 0;
  #headers: AnswerHeaders = {};
  #firstByteAt: number | undefined;
  #firstTokenAt: number | undefined;
  #lastTokenAt: number | undefined;
  #tokenEvents = 0;

  /** @param timeoutMs Until the answer must be whole. */
  constructor(watcher: Watcher, clock: Clock, timeoutMs: number) {
    this.#watcher = watcher;
    this.#clock = clock;
    this.#cancelTimeout = clock.after(timeoutMs, () => {
      this.#end(failure('timeout', `The answer was not whole after ${timeoutMs / 1000} s.`));
      this.#break();
    });
  }

  /** Breaks the connection off; the watcher is told nothing more. */
  giveUp(): void {
    this.#watcher = undefined;
    this.#cancelTimeout();
    this.#break();
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#watcher === undefined) this.#break();
  }

  onResponseStart(_controller: Controller, status: number, headers: AnswerHeaders): void {
    if (status < 200) return;
    this.#firstByteAt = this.#clock.now();
    this.#status = status;
    this.#headers = headers;
    const isStream = status === 200 && String(headers['content-type'] ?? '').includes('text/event-stream');
    this.#reader = isStream ? new StreamReader() : new BodyReader();
  }

  onResponseData(_controller: Controller, bytes: Buffer): void {
    if (this.#watcher === undefined || this.#reader === undefined) return;
    try {
      const tokens = this.#reader.push(bytes);
      if (tokens > 0) this.#noteTokens(tokens);
    } catch (error) {
      this.#end(failure('invalid_answer', (error as Error).message));
      this.#break();
    }
  }

  onResponseEnd(): void {
    this.#end(this.#judge());
  }

  onResponseError(_controller: Controller | undefined, error: Error): void {
    if (this.#watcher === undefined) return;
    if (this.#firstByteAt === undefined) this.#end(failure('connection', explain(error)));
    // A stream that says that it is complete is, however its connection ends.
    else if (this.#reader?.isComplete) this.#end(this.#judge());
    else this.#end(failure('cut_stream', explain(error)));
  }

  #noteTokens(tokens: number): void {
    const now = this.#clock.now();
    for (let index = 0; index < tokens; index += 1) {
      this.#watcher?.onToken(this.#lastTokenAt === undefined ? undefined : now - this.#lastTokenAt);
      this.#lastTokenAt = now;
    }
    this.#firstTokenAt ??= now;
    this.#tokenEvents += tokens;
  }

  #judge(): Failure | undefined {
    if (this.#status === 200) return this.#reader?.end();
    const text = this.#reader instanceof BodyReader ? this.#reader.text() : '';
    const retryAfterMs = readWait(this.#headers, this.#clock.now());
    const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
    return failure('status', readReason(text), { status: this.#status, ...wait });
  }

  #end(failed: Failure | undefined): void {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    this.#cancelTimeout();
    watcher?.onEnd({
      isStreamed: this.#reader instanceof StreamReader,
      endedAt: this.#clock.now(),
      firstByteAt: this.#firstByteAt,
      firstTokenAt: this.#firstTokenAt,
      lastTokenAt: this.#lastTokenAt,
      tokenEvents: this.#tokenEvents,
      usage: this.#reader?.usage,
      failure: failed,
    });
  }

  #break(): void {
    this.#controller?.abort(new GivenUpError('The request was given up.'));
  }
}

function readWait(headers: AnswerHeaders, now: number): number | undefined {
  const names = ['retry-after-ms', 'retry-after'];
  const said = names.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : []));
  return readRetryHint(new Headers(said as [string, string][]), now).retryAfterMs;
}

/** Systems say some things only by their codes. */
function explain(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (error.message === '') return code ?? error.name;
  return code === undefined || error.message.includes(code) ? error.message : `${error.message} (${code})`;
}
