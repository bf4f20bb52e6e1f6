/** A running quantile in constant memory: the P² algorithm (Jain and Chlamtac, CACM 28 (10), 1985). */

const MARKERS = 5;

/** Five markers whose heights follow the minimum, three quantiles around the wanted one, and the maximum. */
export class RunningQuantile {
  readonly #share: number;
  readonly #heights: number[] = [];
  readonly #places = [1, 2, 3, 4, 5];
  readonly #wanted: number[];
  readonly #steps: readonly number[];
  #count = 0;

  /** @param share The share of values that should be at most the quantile, between 0 and 1. */
  constructor(share: number) {
    this.#share = share;
    this.#wanted = [1, 1 + 2 * share, 1 + 4 * share, 3 + 2 * share, 5];
    this.#steps = [0, share / 2, share, (1 + share) / 2, 1];
  }

  /** How many values were seen. */
  get count(): number {
    return this.#count;
  }

  /** The estimate; exact for fewer than five values, undefined for none. */
  get value(): number | undefined {
    if (this.#count >= MARKERS) return this.#heights[2];
    return this.#heights[Math.ceil(this.#share * this.#count) - 1];
  }

  observe(value: number): void {
    this.#count += 1;
    if (this.#count <= MARKERS) {
      this.#heights.push(value);
      this.#heights.sort((one, other) => one - other);
      return;
    }
    this.#shiftPlaces(this.#cellOf(value));
    for (let marker = 1; marker < MARKERS - 1; marker++) this.#adjust(marker);
  }

  /** The cell that a value falls into; the outer markers are moved to hold it. */
  #cellOf(value: number): number {
    const heights = this.#heights;
    heights[0] = Math.min(heights[0]!, value);
    heights[4] = Math.max(heights[4]!, value);
    let cell = 0;
    while (cell < 3 && value >= heights[cell + 1]!) cell += 1;
    return cell;
  }

  #shiftPlaces(cell: number): void {
    for (let marker = 0; marker < MARKERS; marker++) {
      if (marker > cell) this.#places[marker]! += 1;
      this.#wanted[marker]! += this.#steps[marker]!;
    }
  }

  #adjust(marker: number): void {
    const places = this.#places;
    const offset = this.#wanted[marker]! - places[marker]!;
    const isFree =
      (offset >= 1 && places[marker + 1]! - places[marker]! > 1) ||
      (offset <= -1 && places[marker - 1]! - places[marker]! < -1);
    if (!isFree) return;
    const step = Math.sign(offset);
    const smooth = this.#parabolic(marker, step);
    const isBetween = this.#heights[marker - 1]! < smooth && smooth < this.#heights[marker + 1]!;
    this.#heights[marker] = isBetween ? smooth : this.#linear(marker, step);
    places[marker]! += step;
  }

  #parabolic(marker: number, step: number): number {
    const [before, here, after] = this.#places.slice(marker - 1, marker + 2) as [number, number, number];
    const [low, middle, high] = this.#heights.slice(marker - 1, marker + 2) as [number, number, number];
    const rising = ((here - before + step) * (high - middle)) / (after - here);
    const falling = ((after - here - step) * (middle - low)) / (here - before);
    return middle + (step / (after - before)) * (rising + falling);
  }

  #linear(marker: number, step: number): number {
    const slope = this.#heights[marker + step]! - this.#heights[marker]!;
    return this.#heights[marker]! + (step * slope) / (this.#places[marker + step]! - this.#places[marker]!);
  }
}
