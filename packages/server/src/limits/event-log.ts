/** When what was booked, oldest first: the memory of a rolling window, in 24 bytes an event. */

/** What can be booked. */
export type Axis = 'requests' | 'tokens';

/** An event is three numbers in a row: its time, its requests, its tokens. */
const EVENT_LENGTH = 3;
/** How many numbers of events that have left may remain before their room is given back, if they are half of all. */
const LEFT_NUMBERS_MAX = 96;

/** Events in the order of their times, one for each millisecond; each holds something. */
export class EventLog {
  /** Sums over all events. */
  #requests = 0;
  #tokens = 0;
  /** The events, in one array of doubles. */
  #numbers: number[] = [];
  /** Where the oldest event is. */
  #start = 0;

  get isEmpty(): boolean {
    return this.#start === this.#numbers.length;
  }

  /** Time of the oldest event; the log must not be empty. */
  get oldestAt(): number {
    return this.#numbers[this.#start]!;
  }

  /** What all events hold together. */
  booked(axis: Axis): number {
    return axis === 'requests' ? this.#requests : this.#tokens;
  }

  /** Reads on from what another log holds, until that one is written to; it must not be written to itself. */
  protected shareEvents(other: EventLog): void {
    this.#requests = other.#requests;
    this.#tokens = other.#tokens;
    this.#numbers = other.#numbers;
    this.#start = other.#start;
  }

  /** Takes over what another log holds. */
  protected copyEvents(other: EventLog): void {
    this.shareEvents(other);
    this.#numbers = other.#numbers.slice();
  }

  /** Adds amounts, not both 0, at a time that is not before the newest event. */
  add(at: number, requests: number, tokens: number): void {
    this.#requests += requests;
    this.#tokens += tokens;
    const numbers = this.#numbers;
    const newest = numbers.length - EVENT_LENGTH;
    if (this.isEmpty) this.#begin(at, requests, tokens);
    else if (numbers[newest] === at) {
      numbers[newest + 1]! += requests;
      numbers[newest + 2]! += tokens;
    } else numbers.push(at, requests, tokens);
  }

  /** Removes the oldest event; the log must not be empty. */
  dropOldest(): void {
    this.#requests -= this.#numbers[this.#start + 1]!;
    this.#tokens -= this.#numbers[this.#start + 2]!;
    this.#start += EVENT_LENGTH;
    if (this.#start < LEFT_NUMBERS_MAX || this.#start * 2 < this.#numbers.length) return;
    this.#numbers = this.#numbers.slice(this.#start);
    this.#start = 0;
  }

  /** Takes tokens back from the event at this time, which holds as many, unless it has left. */
  takeTokens(at: number, tokens: number): void {
    const event = this.#find(at);
    if (event === undefined) return;
    this.#tokens -= tokens;
    this.#numbers[event + 2]! -= tokens;
    if (this.#numbers[event + 1] === 0 && this.#numbers[event + 2] === 0) this.#numbers.splice(event, EVENT_LENGTH);
  }

  /** The time of the event that holds a unit of an axis, counted from 1 at the oldest; as many units must be there. */
  timeOfUnit(axis: Axis, unit: number): number {
    const place = axis === 'requests' ? 1 : 2;
    let event = this.#start;
    for (let left = unit - this.#numbers[event + place]!; left > 0; left -= this.#numbers[event + place]!) {
      event += EVENT_LENGTH;
    }
    return this.#numbers[event]!;
  }

  /** The time of the newest event that holds something of an axis; undefined when none does. */
  newestAt(axis: Axis): number | undefined {
    const place = axis === 'requests' ? 1 : 2;
    for (let event = this.#numbers.length - EVENT_LENGTH; event >= this.#start; event -= EVENT_LENGTH) {
      if (this.#numbers[event + place]! > 0) return this.#numbers[event];
    }
    return undefined;
  }

  /** Most logs have one event at a time: theirs takes the place of the one that has left. */
  #begin(at: number, requests: number, tokens: number): void {
    this.#start = 0;
    if (this.#numbers.length === EVENT_LENGTH) {
      this.#numbers[0] = at;
      this.#numbers[1] = requests;
      this.#numbers[2] = tokens;
    } else this.#numbers = [at, requests, tokens];
  }

  #find(at: number): number | undefined {
    let low = this.#start / EVENT_LENGTH;
    let high = this.#numbers.length / EVENT_LENGTH - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const time = this.#numbers[middle * EVENT_LENGTH]!;
      if (time === at) return middle * EVENT_LENGTH;
      if (time < at) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }
}
