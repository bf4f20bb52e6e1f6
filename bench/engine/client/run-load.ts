/** Puts a load to a connection: waves of requests, or streams that start their next request as soon as they can. */
import { setTimeout as delay } from 'node:timers/promises';
import { type RequestBody, writeRequest } from '../workload.js';
import type { Connection } from './connection.js';
import type { LoadJob, RequestRecord, Window } from './protocol.js';

/** Is told when the measured time begins and ends, as it happens. */
export type WindowObserver = (edge: 'opened-window' | 'closed-window') => void;

/** Runs one load and returns what was seen. Throws when any request fails. */
export function runLoad(connection: Connection, job: LoadJob, observe: WindowObserver): Promise<Window[]> {
  return job.shape === 'burst' ? runBursts(connection, job, observe) : runSteadily(connection, job, observe);
}

async function runBursts(connection: Connection, job: LoadJob, observe: WindowObserver): Promise<Window[]> {
  const next = numberRequests(job);
  const windows: Window[] = [];
  const beginMs = performance.now();
  observe('opened-window');
  do {
    const bodies = Array.from({ length: job.width }, next);
    const startMs = performance.now();
    const requests = await Promise.all(bodies.map((body) => connection.generate(body)));
    windows.push({ startMs, endMs: performance.now(), requests });
  } while (performance.now() - beginMs < job.durationMs);
  observe('closed-window');
  return windows;
}

/**
 * The window opens when every stream has ended its first request: by then their starts have spread. What was begun
 * before it closes runs to its end, because leaving out the late ones would flatter the times to the first token.
 */
async function runSteadily(connection: Connection, job: LoadJob, observe: WindowObserver): Promise<Window[]> {
  const next = numberRequests(job);
  const requests: RequestRecord[] = [];
  const firstEnds = Array.from({ length: job.width }, () => Promise.withResolvers<void>());
  let closed = false;
  const streams = firstEnds.map(async (firstEnd) => {
    do {
      requests.push(await connection.generate(next()));
      firstEnd.resolve();
    } while (!closed);
  });
  const ended = Promise.all(streams);
  await Promise.race([Promise.all(firstEnds.map(({ promise }) => promise)), ended]);
  const startMs = performance.now();
  observe('opened-window');
  await Promise.race([delay(job.durationMs), ended]);
  const endMs = performance.now();
  observe('closed-window');
  closed = true;
  await ended;
  return [{ startMs, endMs, requests }];
}

function numberRequests(job: LoadJob): () => RequestBody {
  let number = job.firstRequest;
  return () => writeRequest(job.body, number++);
}
