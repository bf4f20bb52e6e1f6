/** What was booked in the rolling window, oldest first: a ring of numbers that grows, and never a search in it. */

/** The length of the window, in ms. */
export const WINDOW_MS = 60_000;

/** What is counted in a window. */
export type Rate = 'requests' | 'tokens';

/** How many entries a ring has room for at first; a power of two. */
const ENTRIES_AT_FIRST = 64;

/**
 * Entries in the order of their times. Adding, and letting go, take constant time on average. What has left is remembered
 * until `forget`, so that one can ask what left just now.
 */
export class RollingWindow {
  #times = new Float64Array(ENTRIES_AT_FIRST);
  readonly #amounts = {
    requests: new Float64Array(ENTRIES_AT_FIRST),
    tokens: new Float64Array(ENTRIES_AT_FIRST),
  };
  readonly #sums = { requests: 0, tokens: 0 };
  /** Numbers of entries, counted from the beginning of time: the oldest remembered, the oldest counted, the next. */
  #remembered = 0;
  #first = 0;
  #next = 0;

  /** The sum of all entries that have not left. */
  used(rate: Rate): number {
    return this.#sums[rate];
  }

  /** When the newest entry was added; -Infinity before the first one. */
  get newestAt(): number {
    return this.#next === this.#remembered ? Number.NEGATIVE_INFINITY : this.#timeOf(this.#next - 1);
  }

  /** When the oldest entry that counts was added; undefined when none counts. */
  get oldestAt(): number | undefined {
    return this.#first === this.#next ? undefined : this.#timeOf(this.#first);
  }

  /** Adds an entry, not older than the newest one; returns its number. */
  add(at: number, requests: number, tokens: number): number {
    if (this.#next - this.#remembered === this.#times.length) this.#grow();
    const place = this.#placeOf(this.#next);
    this.#times[place] = Math.max(at, this.newestAt);
    this.#amounts.requests[place] = requests;
    this.#amounts.tokens[place] = tokens;
    this.#sums.requests += requests;
    this.#sums.tokens += tokens;
    this.#next += 1;
    return this.#next - 1;
  }

  /** Lets go of all entries up to a time, itself included, and forgets what is older than another time. */
  advance(leftUntil: number, forgottenUntil: number): void {
    while (this.#first < this.#next && this.#timeOf(this.#first) <= leftUntil) {
      const place = this.#placeOf(this.#first);
      this.#sums.requests -= this.#amounts.requests[place]!;
      this.#sums.tokens -= this.#amounts.tokens[place]!;
      this.#first += 1;
    }
    while (this.#remembered < this.#first && this.#timeOf(this.#remembered) <= forgottenUntil) this.#remembered += 1;
  }

  /** Whether an entry still counts. */
  counts(entry: number): boolean {
    return entry >= this.#first && entry < this.#next;
  }

  /** What an entry holds; 0 once it is forgotten. */
  amount(entry: number, rate: Rate): number {
    return entry < this.#remembered || entry >= this.#next ? 0 : this.#amounts[rate][this.#placeOf(entry)]!;
  }

  /** Replaces what an entry holds. Does nothing once it is forgotten. */
  correct(entry: number, rate: Rate, amount: number): void {
    if (entry < this.#remembered || entry >= this.#next) return;
    const place = this.#placeOf(entry);
    if (entry >= this.#first) this.#sums[rate] += amount - this.#amounts[rate][place]!;
    this.#amounts[rate][place] = amount;
  }

  /**
   * The time of the entry with which an amount above 0 has left, counted from the oldest, of this window and of another one
   * together; undefined if there is less.
   */
  timeOfAmount(rate: Rate, amount: number, other?: RollingWindow): number | undefined {
    let left = amount;
    let theirs = other === undefined ? 0 : other.#first;
    for (let ours = this.#first; ours < this.#next; ours++) {
      const at = this.#timeOf(ours);
      for (; other !== undefined && theirs < other.#next && other.#timeOf(theirs) <= at; theirs++) {
        left -= other.amount(theirs, rate);
        if (left <= 0) return other.#timeOf(theirs);
      }
      left -= this.#amounts[rate][this.#placeOf(ours)]!;
      if (left <= 0) return at;
    }
    for (; other !== undefined && theirs < other.#next; theirs++) {
      left -= other.amount(theirs, rate);
      if (left <= 0) return other.#timeOf(theirs);
    }
    return undefined;
  }

  /** The sum of the entries that were added after a time, as far as they are remembered. */
  addedAfter(rate: Rate, at: number): number {
    let sum = 0;
    for (let entry = this.#next - 1; entry >= this.#remembered && this.#timeOf(entry) > at; entry--) {
      sum += this.#amounts[rate][this.#placeOf(entry)]!;
    }
    return sum;
  }

  /** The sum of the entries that were added after another one, at its time too, as far as they are remembered. */
  addedSince(rate: Rate, entry: number): number {
    let sum = 0;
    for (let next = Math.max(entry + 1, this.#remembered); next < this.#next; next++) {
      sum += this.#amounts[rate][this.#placeOf(next)]!;
    }
    return sum;
  }

  /** The sum of the entries that count, up to a time. */
  usedUntil(rate: Rate, at: number): number {
    let sum = 0;
    for (let entry = this.#first; entry < this.#next && this.#timeOf(entry) <= at; entry++) {
      sum += this.#amounts[rate][this.#placeOf(entry)]!;
    }
    return sum;
  }

  /** The sum of the entries that have left and were added after a time, as far as they are remembered. */
  leftSince(rate: Rate, at: number): number {
    let sum = 0;
    for (let entry = this.#first - 1; entry >= this.#remembered && this.#timeOf(entry) > at; entry--) {
      sum += this.#amounts[rate][this.#placeOf(entry)]!;
    }
    return sum;
  }

  #timeOf(entry: number): number {
    return this.#times[this.#placeOf(entry)]!;
  }

  #placeOf(entry: number): number {
    return entry & (this.#times.length - 1);
  }

  #grow(): void {
    const old = { times: this.#times, requests: this.#amounts.requests, tokens: this.#amounts.tokens };
    const length = old.times.length * 2;
    this.#times = new Float64Array(length);
    this.#amounts.requests = new Float64Array(length);
    this.#amounts.tokens = new Float64Array(length);
    for (let entry = this.#remembered; entry < this.#next; entry++) {
      const from = entry & (old.times.length - 1);
      const to = entry & (length - 1);
      this.#times[to] = old.times[from]!;
      this.#amounts.requests[to] = old.requests[from]!;
      this.#amounts.tokens[to] = old.tokens[from]!;
    }
  }
}
