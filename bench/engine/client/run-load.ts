/** Puts a load to a connection: waves of requests, or streams that start their next request as soon as they can. */
import { type RequestBody, writeRequest } from '../workload.js';
import type { Connection } from './connection.js';
import type { LoadJob, Window } from './protocol.js';

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
 * The window opens when every stream has ended a request. It closes once the time is over and every stream has ended
 * another one: streams that began together stay in step, and a part of their cycle would stand for the whole.
 */
async function runSteadily(connection: Connection, job: LoadJob, observe: WindowObserver): Promise<Window[]> {
  const next = numberRequests(job);
  const window: Window = { startMs: Number.POSITIVE_INFINITY, endMs: Number.POSITIVE_INFINITY, requests: [] };
  const endedByStream = new Array<number>(job.width).fill(0);
  const noteEnd = (stream: number) => {
    endedByStream[stream]! += 1;
    const nowMs = performance.now();
    if (endedByStream.includes(0) || window.endMs <= nowMs) return;
    if (window.startMs > nowMs) {
      window.startMs = nowMs;
      endedByStream.fill(0);
      observe('opened-window');
    } else if (nowMs - window.startMs >= job.durationMs) {
      window.endMs = nowMs;
      observe('closed-window');
    }
  };
  const streams = endedByStream.map(async (_, stream) => {
    do {
      window.requests.push(await connection.generate(next()));
      noteEnd(stream);
    } while (performance.now() < window.endMs);
  });
  await Promise.all(streams);
  return [window];
}

function numberRequests(job: LoadJob): () => RequestBody {
  let number = job.firstRequest;
  return () => writeRequest(job.body, number++);
}
