/** Counts and times requests by model. */
import type { Registry } from 'prom-client';
import Counter from 'prom-client/lib/counter.js';
import type { EndedRequest } from './metrics.js';
import { Tally } from './tally.js';
import { type ModelTimes, TimeHistogram } from './time-histogram.js';

/** Seconds; from a cached prompt to the longest wait for inference to begin. */
const FIRST_EVENT_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
/** Seconds; long answers take minutes. */
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];

/** The label of requests that name no model of the catalogue; to Prometheus it is the same as none. */
const NO_MODEL = '';

/** Everything of one model, with its label set once. */
interface OneModel {
  /** By status and outcome, of which there are few. */
  readonly requests: Map<number, Map<string, Tally>>;
  readonly promptTokens: Tally;
  readonly cacheHitTokens: Tally;
  readonly completionTokens: Tally;
  readonly firstEvent: ModelTimes;
  readonly duration: ModelTimes;
}

export class ModelMetrics {
  readonly #requests: Counter<'model' | 'status' | 'outcome'>;
  readonly #requestTallies: Tally[] = [];
  readonly #models: ReadonlyMap<string, OneModel>;

  constructor(registry: Registry, models: readonly string[]) {
    this.#requests = new Counter({
      name: 'plumb_requests_total',
      help: 'Requests that have ended, by model, by the status that was sent (0 for none), and by how they ended.',
      labelNames: ['model', 'status', 'outcome'],
      registers: [registry],
      collect: () => tellAll(this.#requestTallies),
    });
    const tokens = countTokens(registry);
    const firstEvent = new TimeHistogram({
      name: 'plumb_first_event_seconds',
      help: 'Time from a request being read to the first event of its answer.',
      buckets: FIRST_EVENT_BUCKETS,
      registry,
    });
    const duration = new TimeHistogram({
      name: 'plumb_request_seconds',
      help: 'Time from the first byte of a request to the last one of its answer.',
      buckets: REQUEST_BUCKETS,
      registry,
    });
    this.#models = new Map(
      [NO_MODEL, ...models].map((model) => [
        model,
        {
          requests: new Map(),
          promptTokens: tokens(model, 'prompt'),
          cacheHitTokens: tokens(model, 'cache_hit'),
          completionTokens: tokens(model, 'completion'),
          firstEvent: firstEvent.of(model),
          duration: duration.of(model),
        },
      ]),
    );
  }

  requestEnded({ model = NO_MODEL, status, outcome, usage, firstEventMs, durationMs }: EndedRequest): void {
    const own = this.#models.get(model);
    const name = own === undefined ? NO_MODEL : model;
    const metrics = own ?? this.#models.get(NO_MODEL)!;
    this.#requestsOf(name, metrics, status, outcome ?? '').add(1);
    metrics.duration.observe(durationMs);
    if (firstEventMs !== undefined) metrics.firstEvent.observe(firstEventMs);
    if (usage === undefined) return;
    metrics.promptTokens.add(usage.prompt_tokens);
    metrics.cacheHitTokens.add(usage.prompt_cache_hit_tokens);
    metrics.completionTokens.add(usage.completion_tokens);
  }

  #requestsOf(name: string, { requests }: OneModel, status: number, outcome: string): Tally {
    const known = requests.get(status)?.get(outcome);
    if (known !== undefined) return known;
    const tally = new Tally(this.#requests.labels(name, String(status), outcome));
    this.#requestTallies.push(tally);
    requests.set(status, (requests.get(status) ?? new Map<string, Tally>()).set(outcome, tally));
    return tally;
  }
}

/** Makes a tally of each kind of tokens of a model, from zero. */
function countTokens(registry: Registry): (model: string, kind: string) => Tally {
  const tallies: Tally[] = [];
  const counter = new Counter({
    name: 'plumb_tokens_total',
    help: 'Tokens of prompts, those of them that came from the cache (cache_hit), and tokens of answers.',
    labelNames: ['model', 'kind'],
    registers: [registry],
    collect: () => tellAll(tallies),
  });
  return (model, kind) => {
    const tally = new Tally(counter.labels(model, kind));
    tallies.push(tally);
    return tally;
  };
}

function tellAll(tallies: readonly Tally[]): void {
  for (const tally of tallies) tally.tell();
}
