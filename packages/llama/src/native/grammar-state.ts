/** Where one text has come in a grammar. */
import type { Addon, AddonGrammarState, AddonModel } from './addon.js';

export class GrammarState {
  /** Of use to the native folder alone. */
  readonly handle: AddonGrammarState;
  readonly #addon: Addon;
  readonly #byteTokens: readonly number[];

  /**
   * @param gbnf The grammar; its first rule is `root`.
   * @param byteTokens For each byte a token that is this byte and nothing else; -1 where there is none.
   * @throws Error when it is no grammar.
   */
  constructor(addon: Addon, model: AddonModel, gbnf: string, byteTokens: readonly number[]) {
    this.#addon = addon;
    this.#byteTokens = byteTokens;
    this.handle = new addon.AddonGrammarEvaluationState(model, new addon.AddonGrammar(gbnf));
  }

  /** Moves on over a text that has been written already. False when the grammar does not allow it: it is then of no use. */
  acceptText(text: string): boolean {
    const sampler = this.#addon.AddonSampler;
    for (const byte of Buffer.from(text)) {
      const token = this.#byteTokens[byte] ?? -1;
      if (token < 0 || !sampler.canBeNextTokenForGrammarEvaluationState(this.handle, token)) return false;
      sampler.acceptGrammarEvaluationStateToken(this.handle, token);
    }
    return true;
  }
}
