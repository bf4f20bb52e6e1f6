/** Keeps the draws of one generation within its grammar, from where that begins to bind. */
import type { GrammarState } from '../native/grammar-state.js';
import type { Sampler } from '../native/sampler.js';
import type { Utf8Guard } from './utf8-guard.js';

/** What constraints of all generations share. */
export interface ConstraintKit {
  /** The beginning of a text that a grammar describes. */
  startGrammar(gbnf: string): GrammarState;
  /** Tokens without a text, other than those that end a turn: a grammar takes them for the text that names them. */
  readonly silentTokens: readonly number[];
  /** All tokens without a text, the ends of turns among them. */
  readonly controlTokens: readonly number[];
  readonly utf8: Utf8Guard;
}

export class AnswerConstraint {
  readonly #kit: ConstraintKit;
  readonly #sampler: Sampler;
  readonly #drawn: readonly number[];
  #isBound = false;
  /** Whether the turn must not end yet, because there is no answer. */
  #isHeldOpen = false;
  #splitBytes: readonly number[] = [];

  /** @param drawn The tokens of the answer, as they come. */
  constructor(kit: ConstraintKit, sampler: Sampler, drawn: readonly number[]) {
    this.#kit = kit;
    this.#sampler = sampler;
    this.#drawn = drawn;
  }

  /** Whether a grammar binds. */
  get isBound(): boolean {
    return this.#isBound;
  }

  /**
   * Binds the rest of the answer to a grammar whose first text has been written already. False, with nothing done, when
   * that text is not of the grammar.
   */
  bind(gbnf: string, written: string): boolean {
    const state = this.#kit.startGrammar(gbnf);
    if (!state.acceptText(written)) return false;
    this.#isBound = true;
    this.#sampler.constrain(state, this.#drawn);
    this.#forbid();
    return true;
  }

  /** Notes a token that was drawn: what the next one must not begin with can depend on it. */
  follow(token: number): void {
    if (!this.#isBound) return;
    const forbidden = this.#kit.utf8.forbiddenAfter(token);
    if (forbidden.length === 0 && this.#splitBytes.length === 0) return;
    this.#splitBytes = forbidden;
    this.#forbid();
  }

  holdOpen(): void {
    this.#isHeldOpen = true;
    this.#forbid();
  }

  letEnd(): void {
    if (!this.#isHeldOpen) return;
    this.#isHeldOpen = false;
    this.#forbid();
  }

  #forbid(): void {
    const { controlTokens, silentTokens, utf8 } = this.#kit;
    const held = this.#isHeldOpen && !this.#isBound ? controlTokens : [];
    const bound = this.#isBound ? [...silentTokens, ...utf8.neverValid, ...this.#splitBytes] : [];
    this.#sampler.forbid([...held, ...bound], this.#drawn);
  }
}
