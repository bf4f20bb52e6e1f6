/** Writes prompts of a wanted length: words that almost every tokenizer has as one token each, as chance has it. */
import { type Random, randomFor } from './seeds.js';

const WORDS = (
  'time year people way day man thing woman life child world school state family student group country problem hand ' +
  'part place case week company system program question work government number night point home water room mother ' +
  'area money story fact month lot right study book eye job word business issue side kind head house service friend ' +
  'father power hour game line end member law car city community name president team minute idea body information ' +
  'back parent face others level office door health person art war history party result change morning reason ' +
  'research girl guy moment air teacher force education foot boy age policy music market sense nation plan college ' +
  'interest death experience effect use class control field development role effort rate heart drug show leader light ' +
  'voice wife police mind price report decision son view relationship town road arm difference value building action ' +
  'season society tax director position player record paper space ground form event official matter center couple ' +
  'site project activity star table need court oil situation cost industry figure street image phone data picture ' +
  'practice piece land product doctor wall patient worker news test movie north love support technology'
).split(' ');

/** Asks for a long answer, so that the limit of the request is what ends it; about this many tokens. */
const INSTRUCTION = 'Write a long and detailed story in which all of these words occur.';
const INSTRUCTION_TOKENS = 13;

/** Writes the prompts of a load. Those of one seed begin with the same text, as far as they share it. */
export class PromptWriter {
  readonly #sharedRandom: Random;
  #sharedText = '';
  /** How long the shared text is after so many of its words, in characters. */
  readonly #sharedEnds: number[] = [0];

  constructor(seed: number) {
    this.#sharedRandom = randomFor(seed, 'shared prefix');
  }

  /**
   * A prompt of about so many tokens.
   *
   * @param sharedPart How much of it, from its beginning, is the same in all prompts: 0 to 1.
   */
  write(tokens: number, sharedPart: number, random: Random): string {
    const words = Math.max(1, tokens - INSTRUCTION_TOKENS);
    const shared = Math.floor(words * sharedPart);
    const own = Array.from({ length: words - shared }, () => drawWord(random)).join(' ');
    return [this.#shared(shared), own, INSTRUCTION].filter((text) => text !== '').join(' ');
  }

  #shared(words: number): string {
    while (this.#sharedEnds.length <= words) {
      this.#sharedText += `${this.#sharedText === '' ? '' : ' '}${drawWord(this.#sharedRandom)}`;
      this.#sharedEnds.push(this.#sharedText.length);
    }
    return this.#sharedText.slice(0, this.#sharedEnds[words]);
  }
}

function drawWord(random: Random): string {
  return WORDS[Math.floor(random() * WORDS.length)] ?? 'time';
}
