/** How many retries a pool may make, so that an outage is not multiplied by everyone's second and third try. */
import type { Clock } from '../../observe/clock.js';
import { RecentCounts } from './recent-counts.js';

const WINDOW_S = 60;
/** Retries in a minute that are always allowed: a share of very few requests would be none. */
const RETRIES_MIN = 10;

export class RetryBudget {
  readonly #requests: RecentCounts;
  readonly #retries: RecentCounts;
  /** Retries in per cent of the requests of the last minute; 0 or more. */
  percent: number;

  constructor(clock: Clock, percent: number) {
    this.#requests = new RecentCounts(clock, WINDOW_S);
    this.#retries = new RecentCounts(clock, WINDOW_S);
    this.percent = percent;
  }

  /** A request came; its retries are not requests. */
  countRequest(): void {
    this.#requests.add();
  }

  /** Takes one retry and returns true, or returns false when the budget is spent. Takes none at 0 per cent. */
  take(): boolean {
    if (this.percent === 0) return false;
    const most = RETRIES_MIN + (this.#requests.sum * this.percent) / 100;
    if (this.#retries.sum + 1 > most) return false;
    this.#retries.add();
    return true;
  }
}
