/** Counts attempts and failures of the last while, in ten slices, so that its size does not depend on the traffic. */

const SLICES = 10;

export class FailureWindow {
  readonly #sliceMs: number;
  #slices: { readonly begin: number; attempts: number; failures: number }[] = [];

  constructor(windowMs: number) {
    this.#sliceMs = windowMs / SLICES;
  }

  add(now: number, isFailure: boolean): void {
    const begin = Math.floor(now / this.#sliceMs) * this.#sliceMs;
    let slice = this.#slices.at(-1);
    if (slice?.begin !== begin) {
      slice = { begin, attempts: 0, failures: 0 };
      this.#slices = [...this.#slices.filter((one) => one.begin > begin - SLICES * this.#sliceMs), slice];
    }
    slice.attempts++;
    if (isFailure) slice.failures++;
  }

  get attempts(): number {
    return this.#slices.reduce((sum, slice) => sum + slice.attempts, 0);
  }

  get failures(): number {
    return this.#slices.reduce((sum, slice) => sum + slice.failures, 0);
  }

  clear(): void {
    this.#slices = [];
  }
}
