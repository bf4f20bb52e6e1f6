/**
 * When what was booked, oldest first: the memory of a rolling window, in 24 bytes an event. The oldest event is kept in
 * fields, because most windows hold no other one, and every array would be two more places of the memory to fetch.
 */

/** What can be booked. */
export type Axis = 'requests' | 'tokens';

/** In the array an event is three numbers in a row: its time, its requests, its tokens. */
const EVENT_LENGTH = 3;
/** How many numbers of events that have left may remain before their room is given back, if they are half of all. */
const LEFT_NUMBERS_MAX = 96;
/** The array of all logs that need none: never written to. */
const NO_NUMBERS: number[] = [];

/** Events in the order of their times, one for each millisecond; each holds something. */
export class EventLog {
  /** Sums over all events. */
  #requests = 0;
  #tokens = 0;
  /** The oldest event; holds nothing when there is none. */
  #oldestAt = 0;
  #oldestRequests = 0;
  #oldestTokens = 0;
  /** The others, from a place on. */
  #numbers = NO_NUMBERS;
  #start = 0;

  get isEmpty(): boolean {
    return this.#requests === 0 && this.#tokens === 0;
  }

  /** Time of the oldest event; the log must not be empty. */
  get oldestAt(): number {
    return this.#oldestAt;
  }

  /** What all events hold together. */
  booked(axis: Axis): number {
    return axis === 'requests' ? this.#requests : this.#tokens;
  }

  /** Reads on from what another log holds, until that one is written to; it must not be written to itself. */
  protected shareEvents(other: EventLog): void {
    this.#requests = other.#requests;
    this.#tokens = other.#tokens;
    this.#oldestAt = other.#oldestAt;
    this.#oldestRequests = other.#oldestRequests;
    this.#oldestTokens = other.#oldestTokens;
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
    if (this.isEmpty) this.#setOldest(at, requests, tokens);
    else if (this.#start < this.#numbers.length) this.#addToLast(at, requests, tokens);
    else if (this.#oldestAt === at) this.#setOldest(at, this.#oldestRequests + requests, this.#oldestTokens + tokens);
    else this.#beginNumbers(at, requests, tokens);
    this.#requests += requests;
    this.#tokens += tokens;
  }

  /** Removes the oldest event; the log must not be empty. */
  dropOldest(): void {
    this.#requests -= this.#oldestRequests;
    this.#tokens -= this.#oldestTokens;
    this.#forgetOldest();
  }

  /** Takes tokens back from the event at this time, which holds as many, unless it has left. */
  takeTokens(at: number, tokens: number): void {
    if (this.#oldestAt === at && !this.isEmpty) {
      this.#tokens -= tokens;
      this.#oldestTokens -= tokens;
      if (this.#oldestRequests === 0 && this.#oldestTokens === 0) this.#forgetOldest();
      return;
    }
    const event = this.#find(at);
    if (event === undefined) return;
    this.#tokens -= tokens;
    this.#numbers[event + 2]! -= tokens;
    if (this.#numbers[event + 1] === 0 && this.#numbers[event + 2] === 0) this.#numbers.splice(event, EVENT_LENGTH);
  }

  /** The time of the event that holds a unit of an axis, counted from 1 at the oldest; as many units must be there. */
  timeOfUnit(axis: Axis, unit: number): number {
    const place = axis === 'requests' ? 1 : 2;
    let left = unit - (axis === 'requests' ? this.#oldestRequests : this.#oldestTokens);
    if (left <= 0) return this.#oldestAt;
    let event = this.#start;
    for (left -= this.#numbers[event + place]!; left > 0; left -= this.#numbers[event + place]!) event += EVENT_LENGTH;
    return this.#numbers[event]!;
  }

  /** The time of the newest event that holds something of an axis; undefined when none does. */
  newestAt(axis: Axis): number | undefined {
    const place = axis === 'requests' ? 1 : 2;
    for (let event = this.#numbers.length - EVENT_LENGTH; event >= this.#start; event -= EVENT_LENGTH) {
      if (this.#numbers[event + place]! > 0) return this.#numbers[event];
    }
    const oldest = axis === 'requests' ? this.#oldestRequests : this.#oldestTokens;
    return oldest > 0 ? this.#oldestAt : undefined;
  }

  #setOldest(at: number, requests: number, tokens: number): void {
    this.#oldestAt = at;
    this.#oldestRequests = requests;
    this.#oldestTokens = tokens;
  }

  /** Puts the next event in the place of the oldest, if there is one. */
  #forgetOldest(): void {
    const numbers = this.#numbers;
    const next = this.#start;
    if (next === numbers.length) {
      this.#setOldest(this.#oldestAt, 0, 0);
      return;
    }
    this.#setOldest(numbers[next]!, numbers[next + 1]!, numbers[next + 2]!);
    this.#start += EVENT_LENGTH;
    if (this.#start < LEFT_NUMBERS_MAX || this.#start * 2 < numbers.length) return;
    this.#numbers = numbers.slice(this.#start);
    this.#start = 0;
  }

  #addToLast(at: number, requests: number, tokens: number): void {
    const numbers = this.#numbers;
    const last = numbers.length - EVENT_LENGTH;
    if (numbers[last] === at) {
      numbers[last + 1]! += requests;
      numbers[last + 2]! += tokens;
    } else numbers.push(at, requests, tokens);
  }

  /** A second event takes the place of those that have left, if the array was made for just one. */
  #beginNumbers(at: number, requests: number, tokens: number): void {
    const numbers = this.#numbers;
    this.#start = 0;
    if (numbers.length === EVENT_LENGTH) {
      numbers[0] = at;
      numbers[1] = requests;
      numbers[2] = tokens;
    } else this.#numbers = [at, requests, tokens];
  }

  /** Where the array has the event of a time; undefined when it has none. */
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
