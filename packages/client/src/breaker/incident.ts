/** What to send to a provider whose endpoint keeps failing: when, how often, which requests, which answers. No prompts. */

/** A failed attempt as an incident counts it. */
export interface IncidentFailure {
  readonly at: number;
  readonly status?: number;
  readonly requestId?: string;
  /** Why it failed, in one sentence; holds no prompt and no key. */
  readonly reason: string;
}

export interface IncidentReport {
  /** The endpoint's origin, and the model. */
  readonly endpoint: string;
  readonly model: string;
  /** The first and the last failure, in ms since the epoch. */
  readonly since: number;
  readonly until: number;
  /** Attempts since the first failure, and how many of them failed. */
  readonly attempts: number;
  readonly failures: number;
  /** Failures by status; those without one under `connection`. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** The endpoint's ids of failed requests, the first and the last ones, at most 20. */
  readonly requestIds: readonly string[];
  /** What the endpoint said first and last. */
  readonly firstReason: string;
  readonly lastReason: string;
}

const IDS_MAX = 20;
/** Other statuses than the usual ones are counted together, so that an odd endpoint cannot fill the memory. */
const STATUSES_MAX = 20;

/** Gathers the failures between one success and the next. */
export class IncidentLog {
  readonly #endpoint: string;
  readonly #model: string;
  #first: IncidentFailure | undefined;
  #last: IncidentFailure | undefined;
  #attempts = 0;
  #failures = 0;
  #byStatus: Record<string, number> = {};
  #firstIds: string[] = [];
  #lastIds: string[] = [];

  constructor(endpoint: string, model: string) {
    this.#endpoint = endpoint;
    this.#model = model;
  }

  failed(failure: IncidentFailure): void {
    this.#first ??= failure;
    this.#last = failure;
    this.#attempts++;
    this.#failures++;
    this.#countStatus(failure.status === undefined ? 'connection' : String(failure.status));
    const { requestId } = failure;
    if (requestId === undefined) return;
    if (this.#firstIds.length < IDS_MAX / 2) this.#firstIds.push(requestId);
    else this.#lastIds = [...this.#lastIds, requestId].slice(-IDS_MAX / 2);
  }

  /** @param isOver Whether a next failure begins a new incident. */
  succeeded(isOver: boolean): void {
    if (!isOver) this.#attempts += this.#first === undefined ? 0 : 1;
    else this.#clear();
  }

  /** Undefined while nothing has failed. */
  report(): IncidentReport | undefined {
    const [first, last] = [this.#first, this.#last];
    if (first === undefined || last === undefined) return undefined;
    return {
      endpoint: this.#endpoint,
      model: this.#model,
      since: first.at,
      until: last.at,
      attempts: this.#attempts,
      failures: this.#failures,
      byStatus: { ...this.#byStatus },
      requestIds: [...this.#firstIds, ...this.#lastIds],
      firstReason: first.reason,
      lastReason: last.reason,
    };
  }

  #countStatus(status: string): void {
    const isKnown = status in this.#byStatus || Object.keys(this.#byStatus).length < STATUSES_MAX;
    const name = isKnown ? status : 'other';
    this.#byStatus[name] = (this.#byStatus[name] ?? 0) + 1;
  }

  #clear(): void {
    this.#first = undefined;
    this.#last = undefined;
    this.#attempts = 0;
    this.#failures = 0;
    this.#byStatus = {};
    this.#firstIds = [];
    this.#lastIds = [];
  }
}
