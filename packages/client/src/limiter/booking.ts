/** What a ledger is told and what it answers. */
import type { Axis, Limits } from './limiter.js';
import type { Rate } from './window.js';

/** How admissions are spread, and what is charged when. */
export interface LedgerOptions {
  readonly limits?: Limits;
  /** Per cent of every limit that stay free, for others. Default: 0. */
  readonly margin?: number;
  /** `burst` spends the window as fast as concurrency allows, `smooth` evenly. Default: burst. */
  readonly shape?: 'burst' | 'smooth';
  /**
   * Whether the endpoint counts tokens when it admits a request, or when its answer is complete, or sets aside `max_tokens`
   * until then (`reservation`; without being told that is learnt from its headers and refusals). Default: admission.
   */
  readonly charge?: 'admission' | 'completion' | 'reservation';
}

/** What a request needs. */
export interface Need {
  readonly promptTokens: number;
  /** Tokens of prompt and answer that are set aside for it. */
  readonly tokens: number;
  /** The most that both can have; as much as is set aside when that is not known. */
  readonly most: number;
}

/** When a request fits. */
export interface Outlook {
  /** In ms since the epoch; not after now when it fits now, Infinity when an answer must end first. */
  readonly at: number;
  /** The limit that decides; undefined when it fits now. */
  readonly axis: Axis | undefined;
}

/** What was taken for a request. */
export interface Booking {
  readonly entry: number;
  readonly sentAt: number;
  readonly need: Need;
  /** What was used when it was sent, itself included, and what of that may not have counted at the endpoint any more or yet. */
  readonly usedAtSend: Readonly<Record<Rate, number>>;
  readonly uncertainAtSend: Readonly<Record<Rate, number>>;
  /** Tokens that were set aside for the answers of all that ran when it was sent. */
  readonly answersAtSend: number;
  isAnswered: boolean;
  isOver: boolean;
}

/** What became of a refusal. */
export interface Refused {
  readonly axis: Axis;
  readonly heldUntil: number;
}
