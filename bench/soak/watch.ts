/** Looks at the server while it works: what it holds, and how far it is behind. */
import { countDescriptors, readResidentBytes } from '../support/process-memory.js';

/** What can be looked at, with the unit of its values. */
export const GAUGES = {
  'resident memory, MB': 'resident',
  'heap used, MB': 'heap',
  'heap taken, MB': 'heapTotal',
  'external memory, MB': 'external',
  'open descriptors': 'descriptors',
  'active handles': 'handles',
  'ledger backlog': 'backlog',
  'event loop lag p99, ms': 'lag',
} as const;

export type GaugeName = (typeof GAUGES)[keyof typeof GAUGES];

/** One look. */
export interface Sample extends Readonly<Record<GaugeName, number>> {
  /** Seconds from the start. */
  readonly at: number;
}

export interface Watched {
  readonly url: string;
  readonly processId: number;
  readonly adminKey: string;
}

const MEGABYTE = 1e6;

/** Takes one sample. */
export async function takeSample({ url, processId, adminKey }: Watched, at: number): Promise<Sample> {
  const answer = await fetch(`${url}/admin/v1/metrics`, { headers: { authorization: `Bearer ${adminKey}` } });
  if (!answer.ok) throw new Error(`The metrics of the server answered ${answer.status}.`);
  const metrics = await answer.text();
  return {
    at,
    resident: readResidentBytes(processId) / MEGABYTE,
    heap: readMetric(metrics, 'nodejs_heap_size_used_bytes') / MEGABYTE,
    heapTotal: readMetric(metrics, 'nodejs_heap_size_total_bytes') / MEGABYTE,
    external: readMetric(metrics, 'nodejs_external_memory_bytes') / MEGABYTE,
    descriptors: countDescriptors(processId),
    handles: readMetric(metrics, 'nodejs_active_handles_total'),
    backlog: readMetric(metrics, 'plumb_ledger_backlog'),
    lag: readMetric(metrics, 'nodejs_eventloop_lag_p99_seconds') * 1000,
  };
}

/** The value of a metric without labels; NaN when it is not there. */
function readMetric(text: string, name: string): number {
  const [, value] = new RegExp(`^${name} (\\S+)$`, 'm').exec(text) ?? [];
  return Number(value);
}
