/** The best that can be done without looking ahead: sends each request the moment the endpoint would take it. */
import { type EndpointBehaviour, type Running, SimulatedEndpoint } from './simulated-endpoint.js';
import type { Trace } from './trace.js';

/**
 * When the last answer of a trace is complete, in ms from the beginning, if each request is sent in its turn as soon as
 * it fits, over a network that takes no time, by somebody who knows what the endpoint knows. For limits of requests alone
 * nothing can be faster.
 */
export function oracle(trace: Trace, behaviour: EndpointBehaviour): number {
  const endpoint = new SimulatedEndpoint(behaviour);
  const running: { endsAt: number; run: Running }[] = [];
  let now = 0;
  let finishedAt = 0;
  for (const job of trace) {
    now = Math.max(now, job.at);
    endEnded(endpoint, running, now);
    while (endpoint.isOut(now) || endpoint.judge(job, now) !== undefined) {
      // Fractions of ms do not always add up: what is due now may lie a hair behind it.
      now = Math.max(nextMoment(endpoint, running, now), now + HAIR_MS);
      endEnded(endpoint, running, now);
    }
    const endsAt = now + job.durationMs;
    insert(running, { endsAt, run: endpoint.admit(job, now) });
    finishedAt = Math.max(finishedAt, endsAt);
  }
  return finishedAt;
}

const HAIR_MS = 1e-3;

/** When anything can be different from what it is now. */
function nextMoment(endpoint: SimulatedEndpoint, running: readonly { endsAt: number }[], now: number): number {
  const outageEndsAt = endpoint.behaviour.outages?.find(([from, until]) => from <= now && now < until)?.[1];
  if (outageEndsAt !== undefined) return outageEndsAt;
  return Math.min(running[0]?.endsAt ?? Number.POSITIVE_INFINITY, endpoint.leavesAt(now));
}

function endEnded(endpoint: SimulatedEndpoint, running: { endsAt: number; run: Running }[], now: number): void {
  while (running[0] !== undefined && running[0].endsAt <= now) {
    const { endsAt, run } = running.shift()!;
    endpoint.complete(run, endsAt);
  }
}

/** Keeps those that run in the order of their ends. */
function insert<Item extends { endsAt: number }>(sorted: Item[], item: Item): void {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]!.endsAt <= item.endsAt) low = middle + 1;
    else high = middle;
  }
  sorted.splice(low, 0, item);
}
