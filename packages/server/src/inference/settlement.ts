/**
 * What was taken for a request: a permit of the limiter and money set aside. It is given back here and nowhere else,
 * once, whichever way the request ends.
 */
import { insufficientBalance, type Usage } from '@plumb/wire';
import type { Caller } from '../accounts/authenticate.js';
import type { Ledger, LedgerRequest } from '../ledger/ledger.js';
import { costOf } from '../ledger/price.js';
import type { Hold } from '../ledger/purse.js';
import type { UsageRecord } from '../ledger/usage.js';
import type { AnswerLengths } from '../limits/answer-lengths.js';
import type { Permit } from '../limits/limiter.js';
import type { MaybePromise } from '../limits/maybe-promise.js';
import type { Clock } from '../observe/clock.js';
import type { Settling } from './answer.js';
import type { Meter } from './meter.js';
import type { Outcome } from './outcome.js';
import type { Quote } from './quote.js';
import type { Transcript } from './transcript.js';
import type { Work } from './work.js';

export interface SettlementParts {
  readonly caller: Caller;
  readonly work: Pick<Work, 'id' | 'model' | 'isStreamed'>;
  readonly quote: Quote;
  readonly permit: Permit;
  readonly meter: Meter;
  readonly ledger: Ledger;
  readonly answerLengths: AnswerLengths;
  readonly clock: Clock;
  /** What is kept of the answer together with its charge; undefined when nothing is. */
  readonly transcript?: Transcript | undefined;
  /** Whether requests run also when the balance does not cover them. */
  readonly mayOverdraw: boolean;
  /** Told of a permit that could not be given back. */
  onError(error: unknown): void;
}

export class Settlement implements Settling {
  readonly #parts: SettlementParts;
  readonly #request: LedgerRequest;
  #hold: Hold | undefined;
  #isSettled = false;

  /** Takes over the permit. */
  constructor(parts: SettlementParts) {
    this.#parts = parts;
    this.#request = { requestId: parts.work.id, accountId: parts.caller.account.id };
  }

  /**
   * Sets the most that the request can cost aside. Rejects with 402 when the account has less and with a
   * LedgerLostError when the ledger cannot be written; the permit is given back then.
   */
  async hold(): Promise<void> {
    const { ledger, quote, mayOverdraw } = this.#parts;
    if (quote.mostCost === 0n) return;
    try {
      const held = ledger.hold(this.#request, quote.mostCost, mayOverdraw);
      this.#hold = held instanceof Promise ? await held : held;
    } catch (error) {
      await this.#releasePermit(0);
      throw error;
    }
    if (this.#hold !== undefined) return;
    await this.#releasePermit(0);
    throw insufficientBalance();
  }

  /**
   * Settles with what was really used. A completed answer and one that its client left are paid for; one that failed is
   * not, though its tokens count for the limits. See `Settling.settle`.
   */
  settle(outcome: Outcome, usage: Usage | undefined): MaybePromise<void> {
    if (this.#isSettled) return;
    this.#isSettled = true;
    const released = this.#releasePermit(this.#usedTokens(usage));
    if (outcome.kind !== 'completed' || usage === undefined) {
      this.#settleLater(outcome, usage);
      return released;
    }
    const { caller, work, answerLengths } = this.#parts;
    answerLengths.observe(caller.account.id, work.model, usage.completion_tokens);
    const charged = this.#charge(outcome, usage);
    if (released === undefined) return charged;
    return charged === undefined ? released : settleBoth(released, charged);
  }

  #charge(outcome: Outcome, usage: Usage): MaybePromise<void> {
    const { ledger, transcript } = this.#parts;
    const record = this.#record(outcome, usage);
    if (transcript === undefined) return ledger.settle(this.#request, this.#hold, record);
    return this.#chargeAndKeep(record, transcript);
  }

  async #chargeAndKeep(record: UsageRecord, transcript: Transcript): Promise<void> {
    const { ledger, work, clock } = this.#parts;
    const answer = await transcript.finish(work.model, clock.now());
    return ledger.settle(this.#request, this.#hold, record, { claim: transcript.claim, answer });
  }

  /** Nobody waits for it: there is no answer to be completed. */
  #settleLater(outcome: Outcome, usage: Usage | undefined): void {
    const { ledger } = this.#parts;
    if (usage !== undefined) ledger.settleLater(this.#request, this.#hold, this.#record(outcome, usage));
    else if (this.#hold !== undefined) ledger.release(this.#request, this.#hold);
  }

  /** An engine that ended without a word has read the prompt at least. */
  #usedTokens(usage: Usage | undefined): number {
    const { meter, quote } = this.#parts;
    if (usage !== undefined) return usage.total_tokens;
    return meter.hasBegun ? quote.promptTokens : 0;
  }

  /** Never rejects or throws: what it cannot give back must not keep an answer back. */
  #releasePermit(usedTokens: number): MaybePromise<void> {
    const { permit, onError } = this.#parts;
    try {
      return permit.settle(usedTokens)?.catch(onError);
    } catch (error) {
      onError(error);
    }
  }

  #record(outcome: Outcome, usage: Usage): UsageRecord {
    const { caller, work, meter, quote, clock } = this.#parts;
    const isPaid = quote.rates !== undefined && outcome.kind !== 'failed';
    return {
      ...this.#request,
      keyId: caller.key.id,
      model: work.model,
      at: meter.startedAt,
      durationMs: Math.max(0, clock.now() - meter.startedAt),
      outcome: outcome.kind,
      stream: work.isStreamed,
      promptTokens: usage.prompt_tokens,
      cacheHitTokens: usage.prompt_cache_hit_tokens,
      completionTokens: usage.completion_tokens,
      reasoningTokens: usage.completion_tokens_details?.reasoning_tokens ?? 0,
      cost: isPaid ? costOf(quote.rates, usage) : 0n,
    };
  }
}

/** The permit is given back, and the answer is to know what became of the charge. */
async function settleBoth(released: Promise<void>, charged: Promise<void>): Promise<void> {
  await Promise.allSettled([released, charged]);
  return charged;
}
