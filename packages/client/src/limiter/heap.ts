/** A priority queue from which anything can be taken out. */

/** What stands in a heap; it knows its place. One heap at a time. */
export interface Placed {
  place: number;
}

/** A binary heap: the first, adding and removing take logarithmic time. */
export class Heap<Item extends Placed> {
  readonly #isBefore: (one: Item, other: Item) => boolean;
  readonly #items: Item[] = [];

  constructor(isBefore: (one: Item, other: Item) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  /** The first few, the very first one at the head, the others only nearly in order. */
  some(count: number): readonly Item[] {
    return this.#items.slice(0, count);
  }

  add(item: Item): void {
    item.place = this.#items.length;
    this.#items.push(item);
    this.#rise(item);
  }

  remove(item: Item): void {
    const last = this.#items.pop()!;
    if (last === item) return;
    last.place = item.place;
    this.#items[last.place] = last;
    this.#rise(last);
    this.#sink(last);
  }

  /** Puts an item into its place after its rank has changed. */
  update(item: Item): void {
    this.#rise(item);
    this.#sink(item);
  }

  #rise(item: Item): void {
    while (item.place > 0) {
      const parent = this.#items[(item.place - 1) >> 1]!;
      if (!this.#isBefore(item, parent)) return;
      this.#swap(parent, item);
    }
  }

  #sink(item: Item): void {
    for (;;) {
      const left = this.#items[2 * item.place + 1];
      const right = this.#items[2 * item.place + 2];
      if (left === undefined) return;
      const child = right !== undefined && this.#isBefore(right, left) ? right : left;
      if (!this.#isBefore(child, item)) return;
      this.#swap(item, child);
    }
  }

  /** Lets a child take the place of its parent. */
  #swap(parent: Item, child: Item): void {
    const { place } = parent;
    parent.place = child.place;
    child.place = place;
    this.#items[place] = child;
    this.#items[parent.place] = parent;
  }
}
