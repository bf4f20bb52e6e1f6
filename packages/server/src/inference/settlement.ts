/**
 * What was taken for a request: a permit of the limiter and money set aside. It is given back here and nowhere else,
 * once, whichever way the request ends.
 */
import { insufficientBalance, type Usage } from '@plumb/wire';
import type { Caller } from '../accounts/authenticate.js';
import type { LedgerRequest } from '../ledger/ledger.js';
import { costOf } from '../ledger/price.js';
import type { Hold } from '../ledger/purse.js';
import type { UsageRecord } from '../ledger/usage.js';
import type { Permit } from '../limits/limiter.js';
import type { MaybePromise } from '../limits/maybe-promise.js';
import type { Platform } from '../platform.js';
import type { Settling } from './answer.js';
import type { Meter } from './meter.js';
import type { Outcome } from './outcome.js';
import type { Quote } from './quote.js';
import type { Transcript } from './transcript.js';
import type { Work } from './work.js';

export interface SettlementParts {
  readonly platform: Pick<Platform, 'ledger' | 'answerLengths' | 'clock' | 'config' | 'log'>;
  readonly caller: Caller;
  readonly work: Pick<Work, 'id' | 'model' | 'isStreamed'>;
  readonly quote: Quote;
  readonly permit: Permit;
  readonly meter: Meter;
  /** What is kept of the answer together with its charge; undefined when nothing is. */
  readonly transcript?: Transcript | undefined;
}

export class Settlement implements Settling, LedgerRequest {
  readonly #parts: SettlementParts;
  readonly requestId: string;
  readonly accountId: string;
  #hold: Hold | undefined;
  #isSettled = false;

  /** Takes over the permit. */
  constructor(parts: SettlementParts) {
    this.#parts = parts;
    this.requestId = parts.work.id;
    this.accountId = parts.caller.account.id;
  }

  /**
   * Sets the most that the request can cost aside. Fails with 402 when the account has less and with a
   * LedgerLostError when the ledger cannot be written; the permit is given back then.
   */
  hold(): MaybePromise<void> {
    const { platform, quote } = this.#parts;
    if (quote.mostCost === 0n) return;
    const held = platform.ledger.hold(this, quote.mostCost, !platform.config.billing.require_balance);
    if (held instanceof Promise || held === undefined) return this.#takeHold(held);
    this.#hold = held;
  }

  async #takeHold(held: MaybePromise<Hold | undefined>): Promise<void> {
    try {
      this.#hold = await held;
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
    const { platform, work } = this.#parts;
    platform.answerLengths.observe(this.accountId, work.model, usage.completion_tokens);
    const charged = this.#charge(outcome, usage);
    if (released === undefined) return charged;
    return charged === undefined ? released : settleBoth(released, charged);
  }

  #charge(outcome: Outcome, usage: Usage): MaybePromise<void> {
    const { platform, transcript } = this.#parts;
    const record = this.#record(outcome, usage);
    if (transcript === undefined) return platform.ledger.settle(this, this.#hold, record);
    return this.#chargeAndKeep(record, transcript);
  }

  async #chargeAndKeep(record: UsageRecord, transcript: Transcript): Promise<void> {
    const { platform, work } = this.#parts;
    const answer = await transcript.finish(work.model, platform.clock.now());
    return platform.ledger.settle(this, this.#hold, record, { claim: transcript.claim, answer });
  }

  /** Nobody waits for it: there is no answer to be completed. */
  #settleLater(outcome: Outcome, usage: Usage | undefined): void {
    const { ledger } = this.#parts.platform;
    if (usage !== undefined) ledger.settleLater(this, this.#hold, this.#record(outcome, usage));
    else if (this.#hold !== undefined) ledger.release(this, this.#hold);
  }

  /** An engine that ended without a word has read the prompt at least. */
  #usedTokens(usage: Usage | undefined): number {
    const { meter, quote } = this.#parts;
    if (usage !== undefined) return usage.total_tokens;
    return meter.hasBegun ? quote.promptTokens : 0;
  }

  /** Never rejects or throws: what it cannot give back must not keep an answer back. */
  #releasePermit(usedTokens: number): MaybePromise<void> {
    try {
      return this.#parts.permit.settle(usedTokens)?.catch((error) => this.#noteUnreleased(error));
    } catch (error) {
      this.#noteUnreleased(error);
    }
  }

  #noteUnreleased(error: unknown): void {
    this.#parts.platform.log.error({ err: error }, 'a permit could not be given back');
  }

  #record(outcome: Outcome, usage: Usage): UsageRecord {
    const { platform, caller, work, meter, quote } = this.#parts;
    const isPaid = quote.rates !== undefined && outcome.kind !== 'failed';
    return {
      requestId: this.requestId,
      accountId: this.accountId,
      keyId: caller.key.id,
      model: work.model,
      at: meter.startedAt,
      durationMs: Math.max(0, platform.clock.now() - meter.startedAt),
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
