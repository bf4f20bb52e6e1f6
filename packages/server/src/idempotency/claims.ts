/**
 * Decides for every request with an `Idempotency-Key` whether it runs, waits for one that runs, or has its answer
 * already. Requests of one key on this server meet in memory; those of several servers meet in the store.
 */
import { conflict } from '@plumb/wire';
import type { Ledger } from '../ledger/ledger.js';
import { createRequestId } from '../ledger/request-id.js';
import type { Timers } from '../limits/timers.js';
import type { Clock } from '../observe/clock.js';
import { Flight, type FlightEnd } from './flight.js';
import type { Claim, KeptAnswer, KeptAnswerStore } from './kept-answer.js';

/** How often the store is asked for the end of a request on another server, in ms: the pause doubles up to the longest. */
export const LOOK_MIN_MS = 50;
export const LOOK_MAX_MS = 1000;

/** A request, as far as its key is concerned. */
export type KeyedRequest = Omit<Claim, 'id'>;

/** What a request has to do. */
export type Turn =
  /** Run, and call `end` once when it has ended; `kept` only after the ledger has kept the answer. */
  | { readonly kind: 'run'; readonly claim: Claim; end(end: FlightEnd): void }
  /** Wait for one that runs. */
  | { readonly kind: 'wait'; readonly flight: Flight }
  /** Send what is kept. */
  | { readonly kind: 'kept'; readonly answer: KeptAnswer };

export interface ClaimsOptions {
  readonly ledger: Pick<Ledger, 'claim' | 'free'>;
  readonly store: Pick<KeptAnswerStore, 'find'>;
  readonly clock: Clock;
  readonly timers: Timers;
}

export class Claims {
  readonly #options: ClaimsOptions;
  /** By account and key. */
  readonly #flights = new Map<string, Flight>();

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** How many keys have a request under way that somebody on this server runs or waits for. */
  get running(): number {
    return this.#flights.size;
  }

  /** How many requests of this server wait for the answer of another one. */
  get waiting(): number {
    return [...this.#flights.values()].reduce((sum, flight) => sum + flight.waiting, 0);
  }

  /**
   * Takes a request in. Throws 409 when its key is another request's; rejects with a LedgerLostError or a StoreError when
   * nobody can tell.
   */
  async begin(request: KeyedRequest): Promise<Turn> {
    for (;;) {
      const running = this.#flights.get(nameOf(request));
      if (running !== undefined) {
        requireSame(request, running);
        return { kind: 'wait', flight: running };
      }
      const turn = await this.#claim(request);
      if (turn !== undefined) return turn;
    }
  }

  /** Undefined when the key has become free meanwhile. */
  async #claim(request: KeyedRequest): Promise<Turn | undefined> {
    const flight = new Flight(request.fingerprint);
    // Others of this server wait from here on, before anything is awaited.
    this.#flights.set(nameOf(request), flight);
    const claim: Claim = { ...request, id: createRequestId(this.#options.clock.now()) };
    try {
      if (await this.#options.ledger.claim(claim))
        return { kind: 'run', claim, end: (end) => this.#land(claim, flight, end) };
      const found = await this.#find(request);
      if (found !== 'elsewhere') {
        this.#end(request, flight, found ?? GONE);
        return found;
      }
    } catch (error) {
      this.#end(request, flight, GONE);
      throw error;
    }
    this.#watch(request, flight);
    return { kind: 'wait', flight };
  }

  /** An answer is kept; anything else frees the key. */
  #land(claim: Claim, flight: Flight, end: FlightEnd): void {
    if (end.kind !== 'kept') this.#options.ledger.free(claim);
    this.#end(claim, flight, end);
  }

  #end(request: KeyedRequest, flight: Flight, end: FlightEnd): void {
    if (this.#flights.get(nameOf(request)) === flight) this.#flights.delete(nameOf(request));
    flight.end(end);
  }

  async #find(request: KeyedRequest): Promise<Extract<Turn, { kind: 'kept' }> | 'elsewhere' | undefined> {
    const { store, clock } = this.#options;
    const found = await store.find(request.accountId, request.key);
    if (found === undefined) return undefined;
    const { answer } = found;
    if (answer !== undefined && answer.expiresAt <= clock.now()) return undefined;
    requireSame(request, found);
    return answer === undefined ? 'elsewhere' : { kind: 'kept', answer };
  }

  /** Asks again and again for the end of a request on another server, as long as anybody waits for it. */
  #watch(request: KeyedRequest, flight: Flight): void {
    let callOff = () => {};
    const lookLater = (pauseMs: number) => {
      callOff = this.#options.timers.after(pauseMs, () => void look(pauseMs));
    };
    const look = async (pauseMs: number) => {
      const found = await this.#look(request);
      if (found !== 'elsewhere') this.#end(request, flight, found);
      else if (this.#flights.get(nameOf(request)) === flight) lookLater(Math.min(LOOK_MAX_MS, pauseMs * 2));
    };
    flight.onDeserted = () => {
      callOff();
      this.#end(request, flight, GONE);
    };
    lookLater(LOOK_MIN_MS);
  }

  /** Never rejects: who waits begins anew, and gets the error from there. */
  async #look(request: KeyedRequest): Promise<FlightEnd | 'elsewhere'> {
    try {
      return (await this.#find(request)) ?? GONE;
    } catch {
      return GONE;
    }
  }
}

const GONE: FlightEnd = { kind: 'gone' };

function nameOf({ accountId, key }: KeyedRequest): string {
  return `${accountId} ${key}`;
}

function requireSame(request: KeyedRequest, { fingerprint }: { readonly fingerprint: string }): void {
  if (fingerprint === request.fingerprint) return;
  throw conflict(
    'This Idempotency-Key was used for a request with another body or path: send that one again as it was, or use ' +
      'another key.',
    { headers: DO_NOT_RETRY },
  );
}

/** Clients that try 409 again by themselves would get it again. */
const DO_NOT_RETRY = { 'x-should-retry': 'false' };
