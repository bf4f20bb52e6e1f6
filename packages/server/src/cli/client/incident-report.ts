/** Sums incidents up, for the provider whose endpoint failed: how often, at what, when, and under which request ids. */
import type { Incident, IncidentAttempt } from './incidents.js';

/** What one endpoint failed at with one model. */
export interface IncidentReport {
  /** The first and the last attempt that failed, in ISO 8601. */
  readonly since: string;
  readonly until: string;
  readonly endpoint: string;
  /** Empty when the failure came before a model was known. */
  readonly model: string;
  /** Requests that were given up. */
  readonly requests: number;
  /** Failed attempts by status; `none` where no answer came. */
  readonly counts: Readonly<Record<string, number>>;
  /** Failed attempts a minute: over the whole time, and in the worst minute. */
  readonly rates: { readonly meanPerMinute: number; readonly worstMinute: number };
  readonly requestIds: readonly string[];
  /** What the endpoint said first and last; null when it said nothing that can be told. */
  readonly firstBody: string | null;
  readonly lastBody: string | null;
  readonly attempts: readonly IncidentAttempt[];
}

const MINUTE_MS = 60_000;

/** Ids that a text shows; the JSON has all. */
const SHOWN_IDS_MAX = 20;

/** One report for each endpoint and model, in the order in which they first failed. */
export function summarize(incidents: readonly Incident[]): IncidentReport[] {
  const groups = Map.groupBy(incidents, ({ endpoint, model }) => `${endpoint} ${model}`);
  return [...groups.values()].map(summarizeOne);
}

function summarizeOne(incidents: readonly Incident[]): IncidentReport {
  const attempts = incidents.flatMap((incident) => incident.attempts);
  const times = [...incidents, ...attempts].map(({ at }) => at).sort();
  const bodies = incidents.map(({ reason }) => reason).filter((reason) => reason !== null);
  const since = times[0] ?? '';
  const until = times.at(-1) ?? '';
  return {
    since,
    until,
    endpoint: incidents[0]?.endpoint ?? '',
    model: incidents[0]?.model ?? '',
    requests: incidents.length,
    counts: countStatuses(attempts),
    rates: {
      meanPerMinute: ratePerMinute(attempts.length, Date.parse(until) - Date.parse(since)),
      worstMinute: worstMinute(attempts),
    },
    requestIds: attempts.map(({ requestId }) => requestId).filter((id) => id !== null),
    firstBody: bodies[0] ?? null,
    lastBody: bodies.at(-1) ?? null,
    attempts,
  };
}

/** The report as a text. */
export function renderReport(report: IncidentReport, program: string): string {
  const { since, until, endpoint, model, requests, counts, rates, requestIds, firstBody, lastBody } = report;
  const statuses = Object.entries(counts).map(([status, count]) => `${count} x ${describeStatus(status)}`);
  return [
    `Incident report by ${program}`,
    `  endpoint     ${endpoint}`,
    ...(model === '' ? [] : [`  model        ${model}`]),
    `  time         ${since} to ${until}`,
    `  failed       ${requests} ${requests === 1 ? 'request' : 'requests'}; attempts: ${statuses.join(', ')}`,
    `  a minute     ${rates.meanPerMinute} on average, ${rates.worstMinute} in the worst minute`,
    ...(firstBody === null ? [] : [`  first error  ${oneLine(firstBody)}`]),
    ...(lastBody === null || lastBody === firstBody ? [] : [`  last error   ${oneLine(lastBody)}`]),
    ...renderIds(requestIds),
  ].join('\n');
}

function countStatuses(attempts: readonly IncidentAttempt[]): Record<string, number> {
  const groups = Map.groupBy(attempts, ({ status }) => (status === null ? 'none' : String(status)));
  return Object.fromEntries([...groups].map(([status, { length }]) => [status, length]));
}

/** Less than a minute counts as one. */
function ratePerMinute(count: number, durationMs: number): number {
  return Number(((count * MINUTE_MS) / Math.max(durationMs, MINUTE_MS)).toFixed(2));
}

function worstMinute(attempts: readonly IncidentAttempt[]): number {
  const times = attempts.map(({ at }) => Date.parse(at)).sort((one, other) => one - other);
  let worst = 0;
  let start = 0;
  for (const [index, time] of times.entries()) {
    while (time - (times[start] ?? time) >= MINUTE_MS) start += 1;
    worst = Math.max(worst, index - start + 1);
  }
  return worst;
}

/** A failure inside of a good answer has the status of that answer. */
function describeStatus(status: string): string {
  if (status === 'none') return 'no answer';
  return status.startsWith('2') ? `status ${status} that broke off or held an error` : `status ${status}`;
}

function renderIds(ids: readonly string[]): string[] {
  if (ids.length === 0) return [];
  const more = ids.length > SHOWN_IDS_MAX ? ` (the last ${SHOWN_IDS_MAX} of ${ids.length}; --json has all)` : '';
  return [`  request ids${more}`, ...ids.slice(-SHOWN_IDS_MAX).map((id) => `    ${id}`)];
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
