/** Sums incidents up, for the provider whose endpoint failed: how often, at what, when, and under which request ids. */
import type { IncidentReport } from '@plumb/client';
import type { Incident, IncidentAttempt } from './incidents.js';

/** What one endpoint failed at with one model; the fields of the toolkit's own report, as far as a journal knows them. */
export interface JournalReport extends Omit<IncidentReport, 'attempts' | 'firstReason' | 'lastReason'> {
  /** Requests that were given up. */
  readonly requests: number;
  /** Failed attempts a minute: over the whole time, and in the worst minute. */
  readonly failuresPerMinute: number;
  readonly failuresInWorstMinute: number;
  /** What the endpoint said first and last; null when it said nothing that can be told. */
  readonly firstReason: string | null;
  readonly lastReason: string | null;
}

const MINUTE_MS = 60_000;

/** Ids that a text shows; the JSON has all. */
const SHOWN_IDS_MAX = 20;

/** One report for each endpoint and model, in the order in which they first failed. */
export function summarize(incidents: readonly Incident[]): JournalReport[] {
  const groups = Map.groupBy(incidents, ({ endpoint, model }) => `${endpoint} ${model}`);
  return [...groups.values()].map(summarizeOne);
}

function summarizeOne(incidents: readonly Incident[]): JournalReport {
  const attempts = incidents.flatMap((incident) => incident.attempts);
  const times = [...incidents, ...attempts].map(({ at }) => Date.parse(at)).sort((one, other) => one - other);
  const reasons = incidents.map(({ reason }) => reason).filter((reason) => reason !== null);
  const since = times[0] ?? 0;
  const until = times.at(-1) ?? 0;
  return {
    endpoint: incidents[0]?.endpoint ?? '',
    model: incidents[0]?.model ?? '',
    since,
    until,
    requests: incidents.length,
    failures: attempts.length,
    failuresPerMinute: ratePerMinute(attempts.length, until - since),
    failuresInWorstMinute: worstMinute(attempts),
    byStatus: countStatuses(attempts),
    requestIds: attempts.map(({ requestId }) => requestId).filter((id) => id !== null),
    firstReason: reasons[0] ?? null,
    lastReason: reasons.at(-1) ?? null,
  };
}

/** The report as a text. */
export function renderReport(report: JournalReport, program: string): string {
  const { since, until, endpoint, model, requests, byStatus, requestIds, firstReason, lastReason } = report;
  const statuses = Object.entries(byStatus).map(([status, count]) => `${count} x ${describeStatus(status)}`);
  const [mean, worst] = [report.failuresPerMinute, report.failuresInWorstMinute];
  return [
    `Incident report by ${program}`,
    `  endpoint     ${endpoint}`,
    ...(model === '' ? [] : [`  model        ${model}`]),
    `  time         ${new Date(since).toISOString()} to ${new Date(until).toISOString()}`,
    `  failed       ${requests} ${requests === 1 ? 'request' : 'requests'}; attempts: ${statuses.join(', ')}`,
    `  a minute     ${mean} on average, ${worst} in the worst minute`,
    ...(firstReason === null ? [] : [`  first error  ${oneLine(firstReason)}`]),
    ...(lastReason === null || lastReason === firstReason ? [] : [`  last error   ${oneLine(lastReason)}`]),
    ...renderIds(requestIds),
  ].join('\n');
}

function countStatuses(attempts: readonly IncidentAttempt[]): Record<string, number> {
  const groups = Map.groupBy(attempts, ({ status }) => (status === null ? 'connection' : String(status)));
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
  if (status === 'connection') return 'no answer';
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
