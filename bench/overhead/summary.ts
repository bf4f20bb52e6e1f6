/** Medians and spreads of figures, of ratios within rounds and of differences within rounds. */
import { type Spread, spread } from '../support/statistics.js';
import type { FigureName, Measurement } from './figures.js';

/** What is looked up: one figure of one contender in one scenario. */
export interface Place {
  contender: string;
  scenario: string;
  figure: FigureName;
}

/** Looks figures up in the measurements of a run. */
export class Summary {
  readonly #measurements: readonly Measurement[];

  constructor(measurements: readonly Measurement[]) {
    this.#measurements = measurements;
  }

  /** The figure over all rounds; undefined when it was not measured. */
  spreadOf(place: Place): Spread | undefined {
    return spread([...this.byRound(place).values()]);
  }

  /** The figure divided by that of another contender in the same round. */
  ratioTo(reference: string, place: Place): Spread | undefined {
    return this.#compare(reference, place, (value, other) => value / other);
  }

  /** The figure less that of another contender in the same round. */
  differenceTo(reference: string, place: Place): Spread | undefined {
    return this.#compare(reference, place, (value, other) => value - other);
  }

  /** The figure by the number of the round. */
  byRound({ contender, scenario, figure }: Place): Map<number, number> {
    const values = new Map<number, number>();
    for (const each of this.#measurements) {
      const value = each.figures[figure];
      if (each.contender === contender && each.scenario === scenario && value !== undefined)
        values.set(each.round, value);
    }
    return values;
  }

  #compare(reference: string, place: Place, combine: (value: number, other: number) => number): Spread | undefined {
    const others = this.byRound({ ...place, contender: reference });
    const combined = [...this.byRound(place)].flatMap(([round, value]) => {
      const other = others.get(round);
      return other === undefined ? [] : [combine(value, other)];
    });
    return spread(combined);
  }
}
