/** What is set aside for answers that are being made: as much as they are likely to take, or as much as they can. */
import { AnswerLengths } from './answer-lengths.js';
import type { Booking, Need } from './booking.js';
import { type RollingWindow, WINDOW_MS } from './window.js';

/** From this share of a limit of tokens on, a refusal can be due to answers that are longer than expected. */
export const NEARLY = 0.93;
/** How often that is believed. */
const MISJUDGED_MAX = 6;

/**
 * Endpoints differ: some set `max_tokens` aside until an answer is complete, some do not. Whoever tells how many tokens are
 * left does so, as a rule; of others it is learnt from refusals that nothing else explains.
 */
export class Reservations {
  readonly #window: RollingWindow;
  readonly #lengths = new AnswerLengths();
  readonly #running = new Set<Booking>();
  #setsMostAside = false;
  #areHeld = false;
  /** Refusals that either longer answers than expected or an endpoint that sets `max_tokens` aside explains. */
  #misjudged = 0;
  /** Of all that run: what they can take beyond what is set aside, and what is set aside for their answers. */
  #unreserved = 0;
  #answers = 0;

  constructor(window: RollingWindow) {
    this.#window = window;
  }

  /** Whether the endpoint was seen to set tokens aside at all. */
  get areHeld(): boolean {
    return this.#areHeld;
  }

  /** Whether the endpoint gives back what an answer did not take, as far as is known. */
  get areGivenBack(): boolean {
    return this.#setsMostAside;
  }

  /** Tokens that are set aside for the answers of all that run. */
  get answers(): number {
    return this.#answers;
  }

  /** Tokens that would be booked if `max_tokens` of all that run were set aside. */
  get most(): number {
    return this.#window.used('tokens') + (this.#setsMostAside ? 0 : this.#unreserved);
  }

  quote(promptTokens: number, answerTokensMax: number | undefined): Need {
    const isMost = this.#setsMostAside && answerTokensMax !== undefined;
    const answer = isMost ? answerTokensMax : this.#lengths.expected(answerTokensMax);
    return { promptTokens, tokens: promptTokens + answer, most: promptTokens + Math.max(answer, answerTokensMax ?? 0) };
  }

  begin(booking: Booking): void {
    this.#running.add(booking);
    this.#count(booking.need, 1);
  }

  end(booking: Booking): void {
    if (this.#running.delete(booking)) this.#count(booking.need, -1);
  }

  observe(answerTokens: number, durationMs: number): void {
    this.#lengths.observe(Math.max(0, answerTokens), durationMs);
  }

  /** How much more is set aside for each answer alone than all of them will take together. */
  excess(now: number): number {
    const [oldest] = this.#running;
    // Answers whose requests have left the window already are in no sum.
    if (this.#areHeld || oldest === undefined || oldest.sentAt <= now - WINDOW_MS) return 0;
    return Math.max(0, this.#answers - this.#lengths.expectedTogether(this.#running.size));
  }

  /** From now on all that answers can take is set aside, also for those that are being made. */
  setMostAside(): void {
    this.#setsMostAside = true;
    this.#areHeld = true;
    for (const { entry, need } of this.#running) this.#window.correct(entry, 'tokens', need.most);
  }

  /** The endpoint turns out not to. */
  setTypicalAside(): void {
    this.#setsMostAside = false;
  }

  /** Whether a refused request would not have fitted if `max_tokens` of all answers had been set aside. */
  isExplainedByMost(need: Need, limit: number): boolean {
    if (this.#setsMostAside || this.most + need.most <= limit) return false;
    const isClear = this.#window.used('tokens') + need.tokens <= limit * NEARLY;
    if (!isClear) this.#misjudged += 1;
    return isClear || this.#misjudged > MISJUDGED_MAX;
  }

  #count(need: Need, times: 1 | -1): void {
    this.#unreserved += times * (need.most - need.tokens);
    this.#answers += times * (need.tokens - need.promptTokens);
  }
}
