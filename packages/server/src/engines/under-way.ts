/**
 * What is under way at the moment, where much comes and goes. No Set, whose tables are made anew again and again then: old
 * ones point to newer ones, so that those which have become old keep all that was in them since from being collected in
 * passing.
 */

/** Something that is under way. */
export interface Placed {
  /** Where it is kept; nobody else's. -1 before. */
  place: number;
}

export class UnderWay<Item extends Placed> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** All of them, as they are now. */
  list(): readonly Item[] {
    return [...this.#items];
  }

  add(item: Item): void {
    if (this.#items[item.place] !== item) item.place = this.#items.push(item) - 1;
  }

  remove(item: Item): void {
    const { place } = item;
    if (this.#items[place] !== item) return;
    item.place = -1;
    const last = this.#items.pop() as Item;
    if (last === item) return;
    this.#items[place] = last;
    last.place = place;
  }
}
