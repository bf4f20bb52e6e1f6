/** Who waits, and who is next: by priority, then callers in turn, then who asked first. */
import { Heap, type Placed } from './heap.js';
import type { Admission } from './limiter.js';

/** A request in line. */
export interface Waiter extends Placed {
  readonly admission: Admission;
  readonly since: number;
  /** Breaks ties between those that asked at the same time. */
  readonly number: number;
}

/** Those of one caller and one priority. */
interface Group extends Placed {
  readonly key: string;
  readonly priority: number;
  readonly waiters: Heap<Waiter>;
  /** When it was its turn last: a number that rises with each turn. */
  turn: number;
}

/** How many of the line a search for somebody smaller looks at. */
const LOOKED_AT_MAX = 64;
/** For how many callers it is remembered when their turn was, after they have left the line. */
const TURNS_MAX = 1000;

export class WaitingLine {
  readonly #groups = new Map<string, Group>();
  readonly #order = new Heap<Group>(isBefore);
  /** The turns of those that left the line, which may come back. */
  readonly #turns = new Map<string, number>();
  #lastTurn = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Who is next. */
  get head(): Waiter | undefined {
    return this.#order.first?.waiters.first;
  }

  join(waiter: Waiter): void {
    const group = this.#groupOf(waiter) ?? this.#open(waiter);
    group.waiters.add(waiter);
    this.#order.update(group);
    this.#length += 1;
  }

  /** Takes somebody out; `isServed` if it is because it was his turn. */
  leave(waiter: Waiter, isServed: boolean): void {
    const group = this.#groupOf(waiter);
    if (group === undefined) return;
    group.waiters.remove(waiter);
    this.#length -= 1;
    if (isServed) group.turn = ++this.#lastTurn;
    if (group.waiters.size === 0) this.#close(group);
    else this.#order.update(group);
  }

  /** A caller was let go and sent back: his turn does not count. */
  returnTurn(admission: Admission): void {
    const key = keyOf(admission);
    const group = this.#groups.get(key);
    if (group === undefined) this.#remember(key, Number.NEGATIVE_INFINITY);
    else {
      group.turn = Number.NEGATIVE_INFINITY;
      this.#order.update(group);
    }
  }

  /** Some of those behind the head, the next ones first, though not exactly in order. */
  others(): Waiter[] {
    const { head } = this;
    const waiters = this.#order.some(LOOKED_AT_MAX).flatMap((group) => group.waiters.some(LOOKED_AT_MAX));
    return waiters.filter((waiter) => waiter !== head).slice(0, LOOKED_AT_MAX);
  }

  #groupOf({ admission }: Waiter): Group | undefined {
    return this.#groups.get(keyOf(admission));
  }

  #open({ admission }: Waiter): Group {
    const key = keyOf(admission);
    const waiters = new Heap<Waiter>(isEarlier);
    // A newcomer comes after all who wait, but before whoever was served last.
    const turn = this.#turns.get(key) ?? this.#lastTurn - 0.5;
    const group = { key, priority: admission.priority ?? 0, waiters, turn, place: 0 };
    this.#turns.delete(key);
    this.#groups.set(key, group);
    this.#order.add(group);
    return group;
  }

  #close(group: Group): void {
    this.#groups.delete(group.key);
    this.#order.remove(group);
    this.#remember(group.key, group.turn);
  }

  #remember(key: string, turn: number): void {
    this.#turns.delete(key);
    this.#turns.set(key, turn);
    if (this.#turns.size > TURNS_MAX) this.#turns.delete(this.#turns.keys().next().value!);
  }
}

function keyOf({ priority = 0, caller = '' }: Admission): string {
  return `${priority}:${caller}`;
}

function isEarlier(one: Waiter, other: Waiter): boolean {
  return one.since < other.since || (one.since === other.since && one.number < other.number);
}

/** An empty group stands where its first waiter will put it. */
function isBefore(one: Group, other: Group): boolean {
  if (one.priority !== other.priority) return one.priority > other.priority;
  if (one.turn !== other.turn) return one.turn < other.turn;
  const [mine, theirs] = [one.waiters.first, other.waiters.first];
  return mine !== undefined && (theirs === undefined || isEarlier(mine, theirs));
}
