/** The options of a kit, with what holds when nothing is said. */
import type { BreakerOptions } from '../breaker/breaker.js';
import type { IncidentReport } from '../breaker/incident.js';
import { KitError } from '../errors/kit-error.js';
import type { TimeoutOptions } from '../fetch/attempt.js';
import type { LimiterOptions } from '../limiter/create-limiter.js';
import type { Limiter, Limits } from '../limiter/limiter.js';
import type { RepairOptions } from '../repairs/repairs.js';
import type { BackoffOptions } from '../retry/backoff.js';
import type { RetryQuotaOptions } from '../retry/retry-quota.js';
import { type Clock, systemClock } from '../time/clock.js';
import type { TokenCounter } from '../tokens/token-counter.js';
import type { Fetch } from './endpoint.js';
import type { KitListener } from './events.js';
import type { LimiterScope } from './meters.js';

export interface KitOptions {
  /** Where the API is. Default: `https://api.deepseek.com`. */
  readonly baseURL?: string;
  /** The key, or where it comes from; asked for with each request. Default: none, for SDKs that bring their own. */
  readonly apiKey?: string | (() => string);
  readonly limits?: LimitOptions;
  readonly retry?: RetryOptions;
  readonly breaker?: BreakerOptions;
  readonly timeouts?: TimeoutOptions;
  readonly repairs?: RepairOptions;
  /**
   * Hold answers back until their first token, so that failures before it are retried or keep their status. Default:
   * true; false for proxies that must pass every byte at once.
   */
  readonly holdUntilFirstToken?: boolean;
  /** Counts prompts for the limiter. Default: an estimate that learns from `usage`. */
  readonly tokenCounter?: TokenCounter;
  /** Makes limiters in place of the kit, such as those that several processes share. Default: each kit has its own. */
  readonly createLimiter?: (scope: LimiterScope, options: LimiterOptions) => Limiter;
  /** Hears of everything. */
  readonly onEvent?: KitListener;
  /** Hears when an endpoint keeps failing. */
  readonly onIncident?: (report: IncidentReport) => void;
  /** What sends in the end. Default: the platform's. */
  readonly fetch?: Fetch;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Draws evenly from [0, 1). Default: Math.random. */
  readonly random?: () => number;
}

export interface LimitOptions extends Limits {
  /** Kept free below each limit, in per cent from 0 to 90, for other users of the key. Default: 0. */
  readonly margin?: number;
  /** `burst` spends a window as fast as it can, `smooth` spreads it evenly. Default: `burst`. */
  readonly shape?: 'burst' | 'smooth';
  /**
   * When the endpoint counts the tokens of an answer; `reservation` if it sets `max_tokens` aside until then, which is
   * otherwise learnt. Default: `admission`.
   */
  readonly charge?: 'admission' | 'completion' | 'reservation';
  /** Whether the limits are those of the key or of each model. Default: `key` when one is given, else `model`. */
  readonly scope?: 'key' | 'model';
}

export interface RetryOptions extends BackoffOptions {
  /** The most attempts of one request, from 1; refusals for limits do not count. Default: 8. */
  readonly maxAttempts?: number;
  /** How long a request may take until its answer begins, with all waits, in ms. Default: 600,000. */
  readonly deadlineMs?: number;
  readonly quota?: RetryQuotaOptions;
}

/** The options with nothing left open. */
export interface Settings {
  readonly baseUrl: string;
  readonly apiKey: () => string | undefined;
  readonly limits: LimitOptions;
  readonly retry: RetryOptions & { readonly maxAttempts: number; readonly deadlineMs: number };
  readonly breaker: BreakerOptions;
  readonly timeouts: Required<TimeoutOptions>;
  readonly repairs: RepairOptions;
  readonly holds: boolean;
  readonly onEvent: KitListener;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly random: () => number;
}

/** @throws KitError invalid_input with the name of the option that cannot be. */
export function readOptions(options: KitOptions): Settings {
  const { apiKey, limits = {}, onIncident, onEvent } = options;
  checkNumbers(options);
  return {
    baseUrl: readBaseUrl(options.baseURL ?? 'https://api.deepseek.com'),
    apiKey: () => (typeof apiKey === 'function' ? apiKey() : apiKey),
    limits,
    retry: { maxAttempts: 8, deadlineMs: 600_000, ...options.retry },
    breaker: options.breaker ?? {},
    timeouts: { firstTokenMs: 630_000, stallMs: 120_000, ...options.timeouts },
    repairs: options.repairs ?? {},
    holds: options.holdUntilFirstToken ?? true,
    onEvent: (event) => {
      onEvent?.(event);
      if (event.type === 'incident') onIncident?.(event.report);
    },
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}

function readBaseUrl(text: string): string {
  if (!URL.canParse(text)) throw new KitError('invalid_input', `baseURL is no address: ${text.slice(0, 100)}`);
  return text.replace(/\/+$/, '');
}

/** Groups of options whose numbers must all be more than 0. */
const POSITIVE = ['limits', 'retry', 'breaker', 'timeouts'] as const;

function checkNumbers(options: KitOptions): void {
  for (const group of POSITIVE) {
    for (const [name, value] of Object.entries(options[group] ?? {})) {
      if (typeof value !== 'number' || name === 'margin' || name === 'waitMs') continue;
      if (!(value > 0)) throw new KitError('invalid_input', `${group}.${name} must be more than 0, not ${value}.`);
    }
  }
  const margin = options.limits?.margin ?? 0;
  if (!(margin >= 0 && margin <= 90))
    throw new KitError('invalid_input', 'limits.margin must be from 0 to 90 per cent.');
}
