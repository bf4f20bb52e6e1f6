/** A limiter whose time goes faster than that of its clients: what it tells them is in theirs. */
import type { Admission, Gauge, Headroom, HeadroomQuestion, Limiter, Permit, Refusal } from './limiter.js';

/**
 * A limiter in front of another one, which decides. Times until something are divided by the scale and rounded up to whole
 * milliseconds, so that a client which waits as long as it is told, by its own clock, is admitted.
 */
export class ScaledLimiter implements Limiter {
  readonly #limiter: Limiter;
  readonly #scale: number;

  /** @param scale How many milliseconds of the limiter pass in one of the clients; at least 1. */
  constructor(limiter: Limiter, scale: number) {
    this.#limiter = limiter;
    this.#scale = scale;
  }

  async admit(admission: Admission, signal?: AbortSignal): Promise<Permit | Refusal> {
    const decision = await this.#limiter.admit(admission, signal);
    const headroom = this.#convert(decision.headroom);
    if (decision.admitted) return { ...decision, headroom };
    return decision.never
      ? { ...decision, headroom }
      : { ...decision, headroom, retryAfterMs: this.#shorten(decision.retryAfterMs) };
  }

  async peek(question: HeadroomQuestion): Promise<Headroom> {
    return this.#convert(await this.#limiter.peek(question));
  }

  #convert({ requests, tokens }: Headroom): Headroom {
    return {
      ...(requests && { requests: this.#convertGauge(requests) }),
      ...(tokens && { tokens: this.#convertGauge(tokens) }),
    };
  }

  #convertGauge(gauge: Gauge): Gauge {
    return { ...gauge, resetMs: this.#shorten(gauge.resetMs) };
  }

  #shorten(durationMs: number): number {
    return Math.ceil(durationMs / this.#scale);
  }
}
