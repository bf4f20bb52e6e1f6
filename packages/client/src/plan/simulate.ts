/** Plays traces through real limiters against a simulated endpoint, in virtual time. */
import { createLimiter, type LimiterOptions } from '../limiter/create-limiter.js';
import type { LimiterSnapshot, Permit } from '../limiter/limiter.js';
import { readRefusal } from '../limiter/refusals.js';
import type { Scheduler } from '../limiter/scheduler.js';
import { type EndpointBehaviour, SimulatedEndpoint, type Verdict } from './simulated-endpoint.js';
import { type Job, seededRandom, type Trace } from './trace.js';
import { VirtualClock } from './virtual-clock.js';

/** One process: what it has to send, and its limiter. */
export interface SimulatedClient {
  readonly trace: Trace;
  readonly limiter?: Omit<LimiterOptions, 'clock'>;
}

export interface Network {
  /** The shortest and the longest time that something is under way, in ms. Default: 5 and 5. */
  readonly delayMs?: readonly [shortest: number, longest: number];
  /** For the delays. Default: 1. */
  readonly seed?: number;
}

/** What became of one request. */
export interface JobResult {
  readonly job: Job;
  readonly client: number;
  /** When its limiter let it go for the last time. */
  readonly sentAt: number;
  readonly finishedAt: number;
  /** How often it was refused. */
  readonly refusals: number;
}

export interface SimulationResult {
  /** When the last answer had come, in ms from the beginning. */
  readonly finishedAt: number;
  readonly results: readonly JobResult[];
  /** 429 answers. */
  readonly refusals: number;
  /** When each request reached the endpoint, those too that it refused or that found it out of reach. */
  readonly arrivals: readonly { readonly at: number; readonly job: Job; readonly isAdmitted: boolean }[];
  readonly snapshots: readonly LimiterSnapshot[];
}

/** What is taken for the beginning: no time that anybody treats as special, in ms since the epoch. */
const BEGINNING = 1_700_000_000_000;
/** How long a request that found nobody waits before it is sent again, in ms. */
const AGAIN_MS = 1000;

/** One client against an endpoint with these limits, for a forecast. */
export function simulate(
  trace: Trace,
  behaviour: EndpointBehaviour,
  limiter: Omit<LimiterOptions, 'clock'> = {},
  network: Network = {},
): SimulationResult {
  return simulateClients([{ trace, limiter }], behaviour, network);
}

/** Several clients that know nothing of each other and have one key. */
export function simulateClients(
  clients: readonly SimulatedClient[],
  behaviour: EndpointBehaviour,
  network: Network = {},
): SimulationResult {
  return new Simulation(behaviour, network).run(clients);
}

class Simulation {
  readonly #clock = new VirtualClock(BEGINNING);
  readonly #endpoint: SimulatedEndpoint;
  readonly #shortestMs: number;
  readonly #spreadMs: number;
  readonly #random: () => number;
  readonly #results: JobResult[] = [];
  readonly #arrivals: { at: number; job: Job; isAdmitted: boolean }[] = [];
  #refusals = 0;

  constructor(behaviour: EndpointBehaviour, { delayMs: [shortest, longest] = [5, 5], seed = 1 }: Network) {
    const outages = behaviour.outages?.map(([from, until]) => [BEGINNING + from, BEGINNING + until] as const);
    this.#endpoint = new SimulatedEndpoint({ ...behaviour, ...(outages && { outages }) });
    this.#shortestMs = shortest;
    this.#spreadMs = longest - shortest;
    this.#random = seededRandom(seed);
  }

  run(clients: readonly SimulatedClient[]): SimulationResult {
    const limiters = clients.map(({ trace, limiter = {} }, client) => {
      const scheduler = createLimiter({ ...limiter, clock: this.#clock });
      for (const job of trace) this.#clock.after(job.at, () => this.#ask(new Sending(job, client, scheduler)));
      return scheduler;
    });
    while (this.#clock.step());
    return {
      finishedAt: this.#results.reduce((latest, { finishedAt }) => Math.max(latest, finishedAt), 0),
      results: this.#results,
      refusals: this.#refusals,
      arrivals: this.#arrivals,
      snapshots: limiters.map((limiter) => limiter.snapshot()),
    };
  }

  #ask(sending: Sending): void {
    const { job, limiter } = sending;
    const { promptTokens, answerTokensMax, priority, caller } = job;
    const admission = {
      promptTokens,
      since: BEGINNING + job.at,
      ...(answerTokensMax !== undefined && { answerTokensMax }),
      ...(priority !== undefined && { priority }),
      ...(caller !== undefined && { caller }),
    };
    const grant = (permit: Permit) => {
      sending.sentAt = this.#clock.now();
      this.#travel(() => this.#arrive(sending, permit));
    };
    limiter.enqueue(admission, {
      grant,
      fail(error) {
        throw error;
      },
    });
  }

  #arrive(sending: Sending, permit: Permit): void {
    const { job } = sending;
    const now = this.#clock.now();
    const verdict = this.#endpoint.isOut(now) ? 'out' : this.#endpoint.judge(job, now);
    this.#arrivals.push({ at: now - BEGINNING, job, isAdmitted: verdict === undefined });
    if (verdict === undefined) this.#serve(sending, permit);
    else if (verdict === 'out') this.#travel(() => this.#sendAgainLater(sending, permit));
    else this.#refuse(sending, permit, verdict);
  }

  #refuse(sending: Sending, permit: Permit, verdict: Verdict): void {
    const now = this.#clock.now();
    this.#refusals += 1;
    sending.refusals += 1;
    const { headers, body } = this.#endpoint.refusal(verdict, now);
    this.#travel(() => {
      const read = new Headers(headers);
      permit.refused(readRefusal(429, read, body, this.#clock.now()), read);
      this.#ask(sending);
    });
  }

  #sendAgainLater(sending: Sending, permit: Permit): void {
    permit.abandon();
    this.#clock.after(AGAIN_MS * (0.5 + this.#random()), () => this.#ask(sending));
  }

  #serve(sending: Sending, permit: Permit): void {
    const running = this.#endpoint.admit(sending.job, this.#clock.now());
    const headers = this.#endpoint.headers(this.#clock.now());
    if (this.#endpoint.behaviour.headersAt === 'start') this.#travel(() => permit.answered(new Headers(headers)));
    this.#clock.after(sending.job.durationMs, () => {
      this.#endpoint.complete(running, this.#clock.now());
      this.#travel(() => {
        permit.answered(new Headers(headers));
        permit.settle(sending.job.promptTokens + sending.job.answerTokens);
        this.#finish(sending);
      });
    });
  }

  #finish({ job, client, sentAt, refusals }: Sending): void {
    const finishedAt = this.#clock.now() - BEGINNING;
    this.#results.push({ job, client, sentAt: sentAt - BEGINNING, finishedAt, refusals });
  }

  #travel(arrive: () => void): void {
    this.#clock.after(this.#shortestMs + this.#spreadMs * this.#random(), arrive);
  }
}

/** A request on its way to its answer. */
class Sending {
  readonly job: Job;
  readonly client: number;
  readonly limiter: Scheduler;
  sentAt = 0;
  refusals = 0;

  constructor(job: Job, client: number, limiter: Scheduler) {
    this.job = job;
    this.client = client;
    this.limiter = limiter;
  }
}
