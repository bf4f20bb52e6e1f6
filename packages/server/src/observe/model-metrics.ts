/** Counts and times requests by model. */
import type { Registry } from 'prom-client';
import Counter from 'prom-client/lib/counter.js';
import Histogram from 'prom-client/lib/histogram.js';
import type { EndedRequest } from './metrics.js';

/** Seconds; from a cached prompt to the longest wait for inference to begin. */
const FIRST_EVENT_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
/** Seconds; long answers take minutes. */
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];

/** The label of requests that name no model of the catalogue; to Prometheus it is the same as none. */
const NO_MODEL = '';

/** Everything of one model, with its label set once. */
interface OneModel {
  /** By status and outcome, of which there are few. */
  readonly requests: Map<string, Counter.Internal>;
  readonly promptTokens: Counter.Internal;
  readonly cacheHitTokens: Counter.Internal;
  readonly completionTokens: Counter.Internal;
  readonly firstEvent: Histogram.Internal<string>;
  readonly duration: Histogram.Internal<string>;
}

export class ModelMetrics {
  readonly #requests: Counter<'model' | 'status' | 'outcome'>;
  readonly #models: ReadonlyMap<string, OneModel>;

  constructor(registry: Registry, models: readonly string[]) {
    const registers = [registry];
    this.#requests = new Counter({
      name: 'plumb_requests_total',
      help: 'Requests that have ended, by model, by the status that was sent (0 for none), and by how they ended.',
      labelNames: ['model', 'status', 'outcome'],
      registers,
    });
    const tokens = new Counter({
      name: 'plumb_tokens_total',
      help: 'Tokens of prompts, those of them that came from the cache (cache_hit), and tokens of answers.',
      labelNames: ['model', 'kind'],
      registers,
    });
    const firstEvent = new Histogram({
      name: 'plumb_first_event_seconds',
      help: 'Time from a request being read to the first event of its answer.',
      labelNames: ['model'],
      buckets: FIRST_EVENT_BUCKETS,
      registers,
    });
    const duration = new Histogram({
      name: 'plumb_request_seconds',
      help: 'Time from the first byte of a request to the last one of its answer.',
      labelNames: ['model'],
      buckets: REQUEST_BUCKETS,
      registers,
    });
    const count = (model: string, kind: string) => {
      const counter = tokens.labels(model, kind);
      counter.inc(0);
      return counter;
    };
    this.#models = new Map(
      [NO_MODEL, ...models].map((model) => [
        model,
        {
          requests: new Map(),
          promptTokens: count(model, 'prompt'),
          cacheHitTokens: count(model, 'cache_hit'),
          completionTokens: count(model, 'completion'),
          firstEvent: firstEvent.labels(model),
          duration: duration.labels(model),
        },
      ]),
    );
  }

  requestEnded({ model = NO_MODEL, status, outcome, usage, firstEventMs, durationMs }: EndedRequest): void {
    const name = this.#models.has(model) ? model : NO_MODEL;
    const metrics = this.#models.get(name)!;
    this.#requestsOf(name, metrics, status, outcome ?? '').inc();
    // A clock that was set back makes times negative.
    metrics.duration.observe(Math.max(0, durationMs) / 1000);
    if (firstEventMs !== undefined) metrics.firstEvent.observe(Math.max(0, firstEventMs) / 1000);
    if (usage === undefined) return;
    metrics.promptTokens.inc(usage.prompt_tokens);
    metrics.cacheHitTokens.inc(usage.prompt_cache_hit_tokens);
    metrics.completionTokens.inc(usage.completion_tokens);
  }

  #requestsOf(name: string, { requests }: OneModel, status: number, outcome: string): Counter.Internal {
    const combination = `${status} ${outcome}`;
    const known = requests.get(combination);
    if (known !== undefined) return known;
    const counter = this.#requests.labels(name, String(status), outcome);
    requests.set(combination, counter);
    return counter;
  }
}
