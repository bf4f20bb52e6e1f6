/** Where one text has come in a grammar. */
import type { MarkerTokens } from '../grammar/write-gbnf.js';
import type { Addon, AddonGrammarState, AddonModel } from './addon.js';

export class GrammarState {
  /** Of use to the native folder alone. */
  readonly handle: AddonGrammarState;
  readonly #addon: Addon;
  readonly #byteTokens: readonly number[];
  readonly #markers: MarkerTokens;

  /**
   * @param gbnf The grammar; its first rule is `root`.
   * @param byteTokens For each byte a token that is this byte and nothing else; -1 where there is none.
   * @param markers The special tokens that a written text can stand for.
   * @throws Error when it is no grammar.
   */
  constructor(addon: Addon, model: AddonModel, gbnf: string, byteTokens: readonly number[], markers: MarkerTokens) {
    this.#addon = addon;
    this.#byteTokens = byteTokens;
    this.#markers = markers;
    this.handle = new addon.AddonGrammarEvaluationState(model, new addon.AddonGrammar(gbnf));
  }

  /** Moves on over a text that has been written already. False when the grammar does not allow it: it is then of no use. */
  acceptText(text: string): boolean {
    let rest = text;
    while (rest !== '') {
      const taken = this.#acceptMarker(rest) ?? this.#acceptCharacter(rest);
      if (taken === undefined) return false;
      rest = rest.slice(taken);
    }
    return true;
  }

  /** The length of the marker that the text begins with, where one is allowed here. */
  #acceptMarker(text: string): number | undefined {
    for (const [marker, token] of this.#markers)
      if (text.startsWith(marker) && this.#accept(token)) return marker.length;
    return undefined;
  }

  /** The length of the first character, where it is allowed here. */
  #acceptCharacter(text: string): number | undefined {
    const character = String.fromCodePoint(text.codePointAt(0)!);
    const isAllowed = Buffer.from(character).every((byte) => this.#accept(this.#byteTokens[byte] ?? -1));
    return isAllowed ? character.length : undefined;
  }

  #accept(token: number): boolean {
    const sampler = this.#addon.AddonSampler;
    if (token < 0 || !sampler.canBeNextTokenForGrammarEvaluationState(this.handle, token)) return false;
    sampler.acceptGrammarEvaluationStateToken(this.handle, token);
    return true;
  }
}
