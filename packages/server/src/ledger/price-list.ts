/** The prices of all models, as the configuration has them. */
import { type Money, toMoney } from './money.js';
import { PeakHours, type PeakHoursSettings } from './peak-hours.js';
import { type Price, type Rates, ratesAt } from './price.js';

/** Rates in units of the currency. */
interface RateSettings {
  readonly input_cache_hit: number;
  readonly input_cache_miss: number;
  readonly output: number;
}

/** A model and what it costs. */
export interface PricedModel {
  readonly id: string;
  readonly price?: RateSettings & { readonly peak?: RateSettings };
}

export class PriceList {
  readonly #prices: ReadonlyMap<string, Price>;
  readonly #peakHours: PeakHours;

  constructor(models: readonly PricedModel[], peak: PeakHoursSettings) {
    this.#peakHours = new PeakHours(peak);
    this.#prices = new Map(models.flatMap(({ id, price }) => (price === undefined ? [] : [[id, readPrice(price)]])));
  }

  /** Whether nothing costs anything. */
  get isEmpty(): boolean {
    return this.#prices.size === 0;
  }

  /** The rates of a model at a time (epoch ms); undefined when it costs nothing. */
  ratesOf(model: string, at: number): Rates | undefined {
    const price = this.#prices.get(model);
    return price && ratesAt(price, this.#peakHours, at);
  }
}

function readPrice(settings: NonNullable<PricedModel['price']>): Price {
  return { ...readRates(settings), peak: settings.peak && readRates(settings.peak) };
}

function readRates({ input_cache_hit, input_cache_miss, output }: RateSettings): Record<keyof Rates, Money> {
  return {
    inputCacheHit: toMoney(input_cache_hit),
    inputCacheMiss: toMoney(input_cache_miss),
    output: toMoney(output),
  };
}
