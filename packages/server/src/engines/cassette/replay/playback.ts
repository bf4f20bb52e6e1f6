/** One recorded answer on its way to a receiver, piece by piece when its time has come. */
import type { Dispatcher } from 'undici';
import type { Timers } from '../../../limits/timers.js';
import type { Clock } from '../../../observe/clock.js';
import type { ResponseHeaders } from '../../upstream/read-retry-after.js';
import type { RecordedAnswer } from './cassette.js';

export interface PlaybackParts {
  readonly answer: RecordedAnswer;
  readonly handler: Dispatcher.DispatchHandler;
  readonly clock: Clock;
  readonly timers: Timers;
  /** How many times as fast as it was recorded; Infinity is as fast as it is taken. */
  readonly speed: number;
  readonly onOver: () => void;
}

interface Step {
  /** Ms since the request, in recorded time. */
  readonly at: number;
  readonly act: () => void;
}

export class Playback implements Dispatcher.DispatchController {
  rawHeaders: string[] | null = null;
  paused = false;
  aborted = false;
  reason: Error | null = null;
  readonly #parts: PlaybackParts;
  readonly #steps: readonly Step[];
  readonly #startedAt: number;
  #next = 0;
  /** Calls off what is to happen next; undefined while that waits to be resumed, and at the end. */
  #cancel: (() => void) | undefined;

  /** Begins at once; nothing but the start is received before this has returned. */
  constructor(parts: PlaybackParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
    this.#steps = this.#listSteps(parts.answer);
    parts.handler.onRequestStart?.(this, {});
    this.#await();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    if (this.#cancel === undefined) this.#await();
  }

  abort(reason: Error): void {
    if (this.aborted || this.#isOver) return;
    this.aborted = true;
    this.reason = reason;
    this.#fail(reason);
  }

  get #isOver(): boolean {
    return this.#next >= this.#steps.length;
  }

  #listSteps({ response, endAt, error }: RecordedAnswer): Step[] {
    const { handler } = this.#parts;
    const steps: Step[] = [];
    if (response !== undefined) {
      steps.push({ at: response.at, act: () => this.#begin(response) });
      for (const { at, bytes } of response.chunks) steps.push({ at, act: () => handler.onResponseData?.(this, bytes) });
    }
    const end = () => (error === undefined ? handler.onResponseEnd?.(this, {}) : this.#fail(createError(error)));
    steps.push({ at: endAt, act: end });
    return steps;
  }

  #begin({ status, headers, reason }: NonNullable<RecordedAnswer['response']>): void {
    this.rawHeaders = headers.flat();
    this.#parts.handler.onResponseStart?.(this, status, joinHeaders(headers), reason);
  }

  /** Lets the next step happen when its time has come. */
  #await(): void {
    this.#cancel = undefined;
    const step = this.#steps[this.#next];
    if (step === undefined || this.paused || this.aborted) return;
    const { clock, timers, speed } = this.#parts;
    const delayMs = this.#startedAt + step.at / speed - clock.now();
    const act = () => this.#act(step);
    if (delayMs > 0) this.#cancel = timers.after(delayMs, act);
    else {
      const immediate = setImmediate(act);
      this.#cancel = () => clearImmediate(immediate);
    }
  }

  #act(step: Step): void {
    this.#cancel = undefined;
    // It was held up after this had been set going: it happens when it is resumed.
    if (this.paused) return;
    this.#next += 1;
    if (this.#isOver) this.#parts.onOver();
    step.act();
    // A step may have gone on by itself: it paused and resumed.
    if (this.#cancel === undefined) this.#await();
  }

  #fail(error: Error): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (!this.#isOver) {
      this.#next = this.#steps.length;
      this.#parts.onOver();
    }
    this.#parts.handler.onResponseError?.(this, error);
  }
}

function joinHeaders(headers: readonly (readonly [string, string])[]): ResponseHeaders {
  const joined: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const before = joined[key];
    joined[key] = before === undefined ? value : [before, value].flat();
  }
  return joined;
}

/** As the connection said it, so that whoever reads errors by their codes reads the same. */
function createError({ code, name, message }: NonNullable<RecordedAnswer['error']>): Error {
  const error = new Error(message);
  error.name = name;
  return code === undefined ? error : Object.assign(error, { code });
}
