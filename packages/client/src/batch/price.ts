/** What requests cost: the prices of models and the periods at which they hold. Money is whole nano-units in a bigint. */
import { KitError } from '../errors/kit-error.js';
import type { TokenUse } from './output-line.js';

/** What a million tokens cost, in nano-units of the currency. */
export interface TokenRates {
  readonly inputCacheHit: bigint;
  readonly inputCacheMiss: bigint;
  /** Reasoning included. */
  readonly output: bigint;
}

/** The form of prices, as the `models` and `billing.peak` of a Plumb configuration write them. */
export interface PriceSettings {
  /** Such as `USD`. */
  readonly currency?: string;
  /** When the peak prices hold, in UTC. */
  readonly peak?: {
    /** Spans such as `01:00-04:00`. */
    readonly hours: readonly string[];
    /** Such as `mon`; default: all. */
    readonly days?: readonly string[];
    /** Days such as `2026-10-01` that have none. */
    readonly except?: readonly string[];
  };
  /** Units of the currency a million tokens, by the id of the model. */
  readonly models: Readonly<Record<string, RateSettings & { readonly peak?: RateSettings }>>;
}

interface RateSettings {
  readonly input_cache_hit: number;
  readonly input_cache_miss: number;
  readonly output: number;
}

const NANO_PER_UNIT = 1_000_000_000n;
const TOKENS_PER_RATE = 1_000_000n;
const MINUTE_MS = 60_000;
const MINUTES_PER_DAY = 24 * 60;
/** A week and a holiday on either side of its end. */
const SCANNED_MINUTES = 9 * MINUTES_PER_DAY;
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const SPAN = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$/;

export class PriceTable {
  readonly currency: string;
  readonly #models: ReadonlyMap<string, { rates: TokenRates; peak: TokenRates | undefined }>;
  readonly #spans: readonly (readonly [from: number, to: number])[];
  readonly #days: ReadonlySet<string>;
  readonly #except: ReadonlySet<string>;

  /** @throws KitError invalid_input when the settings have another form. */
  constructor(settings: PriceSettings) {
    this.currency = settings.currency ?? 'USD';
    this.#models = new Map(
      Object.entries(settings.models ?? {}).map(([id, price]) => [
        id,
        { rates: readRates(id, price), peak: price.peak && readRates(id, price.peak) },
      ]),
    );
    this.#spans = (settings.peak?.hours ?? []).map(readSpan);
    this.#days = new Set(settings.peak?.days ?? WEEKDAYS);
    this.#except = new Set(settings.peak?.except ?? []);
  }

  /** The rates of a model at a time (epoch ms); undefined when its price is not known. */
  ratesOf(model: string, at: number): TokenRates | undefined {
    const price = this.#models.get(model);
    return price?.peak !== undefined && this.isPeak(at) ? price.peak : price?.rates;
  }

  /** When the prices of a time (epoch ms) end, to the minute; undefined when there are no others in the next nine days. */
  periodEndsAt(at: number): number | undefined {
    const isPeak = this.isPeak(at);
    const minute = Math.floor(at / MINUTE_MS);
    for (let next = minute + 1; next <= minute + SCANNED_MINUTES; next += 1) {
      if (this.isPeak(next * MINUTE_MS) !== isPeak) return next * MINUTE_MS;
    }
    return undefined;
  }

  /** Whether peak prices hold at a time (epoch ms). */
  isPeak(at: number): boolean {
    const minute = Math.floor(at / MINUTE_MS) % MINUTES_PER_DAY;
    if (!this.#spans.some(([from, to]) => from <= minute && minute < to)) return false;
    const date = new Date(at);
    return this.#days.has(WEEKDAYS[date.getUTCDay()]!) && !this.#except.has(date.toISOString().slice(0, 10));
  }
}

/** What tokens cost, rounded up to a whole nano-unit. */
export function costOf(rates: TokenRates, { prompt, cached, answer }: TokenUse): bigint {
  const millionths =
    rates.inputCacheHit * BigInt(cached) +
    rates.inputCacheMiss * BigInt(prompt - cached) +
    rates.output * BigInt(answer);
  return (millionths + TOKENS_PER_RATE - 1n) / TOKENS_PER_RATE;
}

/** An amount with as many decimal places as it needs, two at least: `0.004`, `12.50`. */
export function formatMoney(amount: bigint): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(10, '0');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9).replace(/0{1,7}$/, '')}`;
}

/**
 * The prices of the DeepSeek API in USD as of 2026-11-15. Its public holidays, which have no peak prices, are not known
 * here: on those days the forecast is too high.
 */
export function deepseekPrices(): PriceTable {
  const flash = {
    ...rates(0.003, 0.15, 0.6),
    peak: rates(0.006, 0.3, 1.2),
  };
  const pro = { ...rates(0.022, 0.66, 1.98), peak: rates(0.044, 1.32, 3.96) };
  return new PriceTable({
    currency: 'USD',
    peak: { hours: ['01:00-04:00', '06:00-10:00'], days: ['mon', 'tue', 'wed', 'thu', 'fri'] },
    models: {
      'deepseek-flash': flash,
      'deepseek-v4-flash': flash,
      'deepseek-chat': flash,
      'deepseek-reasoner': flash,
      'deepseek-v4-pro': pro,
    },
  });
}

function rates(hit: number, miss: number, output: number): RateSettings {
  return { input_cache_hit: hit, input_cache_miss: miss, output };
}

function readRates(id: string, settings: RateSettings): TokenRates {
  const read = (name: keyof RateSettings): bigint => {
    const value = settings[name];
    if (typeof value === 'number' && value >= 0 && value <= 1_000_000)
      return BigInt(Math.round(value * Number(NANO_PER_UNIT)));
    throw new KitError(
      'invalid_input',
      `The price of ${id} needs \`${name}\`: units of the currency a million tokens.`,
    );
  };
  return { inputCacheHit: read('input_cache_hit'), inputCacheMiss: read('input_cache_miss'), output: read('output') };
}

function readSpan(span: string): readonly [number, number] {
  const [, fromHour, fromMinute, toHour, toMinute] = SPAN.exec(span) ?? [];
  const from = Number(fromHour) * 60 + Number(fromMinute);
  const to = Number(toHour) * 60 + Number(toMinute);
  if (from < to) return [from, to];
  throw new KitError('invalid_input', `Peak hours are written like 01:00-04:00, and "${span}" is not.`);
}
