/**
 * What operators watch, in the text format of Prometheus. Built once in main.ts and handed in; there is no registry of the
 * process. Labels hold only what the configuration or the server itself says, never what a request does, so that no
 * client can make series.
 */
import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Histogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';
import { SCOPE_KINDS, type ScopeKind } from '../accounts/tier.js';
import type { RequestRecord } from '../http/request-record.js';
import { LIMIT_KINDS, type LimitKind } from '../limits/limiter.js';
import { ModelMetrics } from './model-metrics.js';
import { collectProcessMetrics } from './process-metrics.js';

/** What is counted of a request when it has ended. */
export interface EndedRequest extends Pick<RequestRecord, 'model' | 'outcome' | 'usage' | 'firstEventMs'> {
  /** The status that was sent; 0 when none was. */
  readonly status: number;
  /** From its first byte to the last one of its answer, in ms. */
  readonly durationMs: number;
}

/** Verbs for whoever has something to count; all of them return at once and never throw. */
export interface Metrics {
  /** A request has ended, whichever way. */
  requestEnded(ended: EndedRequest): void;
  /** The limiter refused a request (429). */
  refused(limit: LimitKind, scopeKind: ScopeKind): void;
  /** The limits that servers share cannot be asked, or can be asked again. */
  sharedLimitsLost(lost: boolean): void;
  /** A group of so many operations of the ledger has become durable in so many seconds. */
  ledgerCommitted(seconds: number, operations: number): void;
  /** So many operations of the ledger wait to become durable. */
  ledgerBacklog(operations: number): void;
  /** An engine of a pool refuses its operator, or no longer does. */
  engineAlarm(pool: string, engine: string, isRaised: boolean): void;
  /** A request has met a fault of a rule, on purpose. */
  faultInjected(rule: string): void;
  /** The content type of `text`. */
  readonly contentType: string;
  /** Everything, in the text format of Prometheus 0.0.4. */
  text(): Promise<string>;
  /** Everything, in plain values. */
  values(): Promise<MetricValues>;
}

/** What a process has counted (`sum-metrics.ts`). */
export type MetricValues = readonly MetricObjectWithValues<MetricValue<string>>[];

export interface MetricsOptions {
  /** The ids of the catalogue; a request for none of them counts under an empty label. */
  readonly models: readonly string[];
}

/** Seconds; a commit takes from a fraction of a millisecond in memory to seconds on a disk that is in trouble. */
const COMMIT_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

/** Starts at zero, with the metrics of the process and of Node among them. */
export function createMetrics({ models }: MetricsOptions): Metrics {
  const registry = new Registry();
  collectProcessMetrics(registry);
  const modelMetrics = new ModelMetrics(registry, models);
  const refusals = countRefusals(registry);
  const ledger = measureLedger(registry);
  const lost = new Gauge({
    name: 'plumb_shared_limits_lost',
    help: '1 while the limits that servers share cannot be asked, else 0.',
    aggregator: 'max',
    registers: [registry],
  });
  const alarms = new Gauge({
    name: 'plumb_engine_alarm',
    help: '1 while an engine refuses the key or the balance of its operator, else 0.',
    aggregator: 'max',
    labelNames: ['pool', 'engine'],
    registers: [registry],
  });
  const faults = new Counter({
    name: 'plumb_injected_faults_total',
    help: 'Requests that met a fault on purpose, by the rule that it is from.',
    labelNames: ['rule'],
    registers: [registry],
  });
  return {
    faultInjected: (rule) => faults.inc({ rule }),
    engineAlarm: (pool, engine, isRaised) => alarms.set({ pool, engine }, isRaised ? 1 : 0),
    requestEnded: (ended) => modelMetrics.requestEnded(ended),
    refused: (limit, scopeKind) => refusals.get(`${limit} ${scopeKind}`)?.inc(),
    sharedLimitsLost: (isLost) => lost.set(isLost ? 1 : 0),
    ...ledger,
    contentType: registry.contentType,
    text: () => registry.metrics(),
    values: () => registry.getMetricsAsJSON(),
  };
}

function countRefusals(registry: Registry): ReadonlyMap<string, Counter.Internal> {
  const refusals = new Counter({
    name: 'plumb_refusals_total',
    help: 'Requests that the limiter refused, by the limit and by what it is a limit of.',
    labelNames: ['limit', 'scope_kind'],
    registers: [registry],
  });
  const pairs = LIMIT_KINDS.flatMap((limit) => SCOPE_KINDS.map((scopeKind) => [limit, scopeKind] as const));
  return new Map(
    pairs.map(([limit, scopeKind]) => {
      const count = refusals.labels(limit, scopeKind);
      count.inc(0);
      return [`${limit} ${scopeKind}`, count];
    }),
  );
}

function measureLedger(registry: Registry): Pick<Metrics, 'ledgerCommitted' | 'ledgerBacklog'> {
  const registers = [registry];
  const commits = new Histogram({
    name: 'plumb_ledger_commit_seconds',
    help: 'Time for a group of operations of the ledger to become durable.',
    buckets: COMMIT_BUCKETS,
    registers,
  });
  const operations = new Counter({
    name: 'plumb_ledger_operations_total',
    help: 'Operations of the ledger that became durable.',
    registers,
  });
  const backlog = new Gauge({
    name: 'plumb_ledger_backlog',
    help: 'Operations of the ledger that wait to become durable.',
    registers,
  });
  return {
    ledgerCommitted(seconds, count) {
      commits.observe(Math.max(0, seconds));
      operations.inc(count);
    },
    ledgerBacklog: (count) => backlog.set(count),
  };
}
