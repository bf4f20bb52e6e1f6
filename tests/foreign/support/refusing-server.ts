/** A server that refuses in every way that clients have classes for: one key or prompt for each status. */
import assert from 'node:assert/strict';
import { serviceUnavailable } from '@plumb/wire';
import type { GenerationJob, GenerationSink, RunningGeneration } from '#server/engines/engine.js';
import type { Log } from '#server/observe/log.js';
import { AnsweringEngine } from '../../support/answering-engine.js';
import { Operator } from '../../support/operator.js';
import { startPlumb } from '../../support/plumb.js';
import { PRICED_MODEL } from '../../support/priced-model.js';

/** A prompt that the engine fails on: 503. */
export const FAIL = 'fail';
/** A prompt after which the minute of the limit is over in PATIENCE_MS. */
export const WARM_UP = 'warm up';
/**
 * How long the refusal of `patient` asks its client to stay away, in ms: longer than any of the clients waits of its own
 * accord before it comes a second time.
 */
export const PATIENCE_MS = 2500;
/** How much sooner the timers of a client may fire, in ms. */
const TIMER_SLACK_MS = 100;
const MINUTE_MS = 60_000;
/** More than the tests can spend. */
const CREDIT = '1000';

/** What a client needs to be refused; all of it can go to another process. */
export interface Refusals {
  readonly base_url: string;
  /** Served; with the prompt FAIL it is 503, with an unknown model 400. */
  readonly key: string;
  /** Always 401. */
  readonly wrong_key: string;
  /** Always 402. */
  readonly poor_key: string;
  /** Served once, then 429. */
  readonly limited_key: string;
  /** Served once, which has to be with WARM_UP, then 429 until PATIENCE_MS have gone by. */
  readonly patient_key: string;
}

export interface RefusingServer {
  readonly refusals: Refusals;
  /** Fails unless the client with `patient_key` was served, refused, and served again when it had been told to come. */
  assertPatience(): void;
  stop(): Promise<void>;
}

/** A request with the patient key. */
interface Visit {
  readonly status: number;
  /** When it was over, in ms. */
  readonly at: number;
}

export async function startRefusingServer(): Promise<RefusingServer> {
  const clock = { time: 1_700_000_000_000, now: () => clock.time };
  const visits: Visit[] = [];
  const patient = { accountId: '' };
  const log = watchLog(patient, (visit) => {
    visits.push(visit);
    if (visit.status === 429) clock.time += PATIENCE_MS;
  });
  const engine = new MoodyEngine(clock);
  const settings = {
    models: [PRICED_MODEL],
    tiers: { test: {} },
    default_tier: 'test',
    billing: { currency: 'USD', require_balance: true, peak: { hours: [], days: [], except: [] } },
  };
  const plumb = await startPlumb({ engine, settings, start: { clock, log } });
  const operator = await Operator.openUntilClosed({ dataDir: plumb.dataDir });
  const openAccount = async (accountName: string, requestsPerMinute?: number) => {
    const { key, account } = await operator.issueKey({ accountName, limits: { requestsPerMinute } });
    if (accountName !== 'poor') await operator.fund(account.id, CREDIT);
    if (accountName === 'patient') patient.accountId = account.id;
    return key;
  };
  const refusals: Refusals = {
    base_url: `${plumb.url}/v1`,
    key: await openAccount('rich'),
    wrong_key: 'sk-wrong-key-0000',
    poor_key: await openAccount('poor'),
    limited_key: await openAccount('limited', 1),
    patient_key: await openAccount('patient', 1),
  };
  await operator.access.close();
  return { refusals, assertPatience: () => assertPatience(visits), stop: () => plumb.stop() };
}

function assertPatience(visits: readonly Visit[]): void {
  assert.deepEqual(
    visits.map(({ status }) => status),
    [200, 429, 200],
  );
  const waitedMs = visits[2]!.at - visits[1]!.at;
  assert.ok(waitedMs >= PATIENCE_MS - TIMER_SLACK_MS, `the client came again after ${waitedMs} ms`);
}

/** Answers every prompt but FAIL, and lets time pass after WARM_UP. */
class MoodyEngine extends AnsweringEngine {
  readonly #clock: { time: number };

  constructor(clock: { time: number }) {
    super();
    this.#clock = clock;
  }

  override generate(job: GenerationJob, sink: GenerationSink): RunningGeneration {
    const prompt = JSON.stringify(job.request.messages);
    if (prompt.includes(FAIL)) {
      setImmediate(() => sink.onFailure(serviceUnavailable()));
      return { abort() {} };
    }
    if (prompt.includes(WARM_UP)) this.#clock.time += MINUTE_MS - PATIENCE_MS;
    return super.generate(job, sink);
  }
}

/** A log that tells when each request of an account was over. */
function watchLog(watched: { readonly accountId: string }, onRequest: (visit: Visit) => void): Log {
  const write = () => {};
  return {
    info: write,
    warn: write,
    error: write,
    request({ status }, { account }) {
      if (account === watched.accountId) onRequest({ status, at: performance.now() });
    },
    flush() {},
  };
}
