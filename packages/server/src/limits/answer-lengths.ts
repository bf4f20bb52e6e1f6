/** Remembers how long the answers of an account and model usually are, for requests that do not say how long theirs may be. */

/** The most pairs of account and model that are remembered; the one that answered longest ago goes first. */
const PAIRS_MAX = 10_000;
/** Answers that are remembered of each pair: older ones no longer count, so that the figure follows what is usual now. */
const ANSWERS_PER_PAIR = 32;
/** The share of answers that should cost no more than the figure. The rest leave a debt. */
const COVERED_SHARE = 0.9;

export class AnswerLengths {
  readonly #byPair = new Map<string, RecentAnswers>();
  /** The last one of the map. */
  #latest: RecentAnswers | undefined;

  /** Takes in the tokens of a finished answer. */
  observe(account: string, model: string, tokens: number): void {
    const pair = pairOf(account, model);
    const answers: RecentAnswers = this.#byPair.get(pair) ?? { tokens: [], next: 0, typical: undefined };
    if (answers.tokens[answers.next] !== tokens) answers.typical = undefined;
    answers.tokens[answers.next] = tokens;
    answers.next = (answers.next + 1) % ANSWERS_PER_PAIR;
    if (answers === this.#latest) return;
    this.#latest = answers;
    this.#byPair.delete(pair);
    this.#byPair.set(pair, answers);
    if (this.#byPair.size > PAIRS_MAX) this.#byPair.delete(this.#byPair.keys().next().value!);
  }

  /** The tokens that nine in ten of the last 32 answers did not exceed; undefined when there was none. */
  typical(account: string, model: string): number | undefined {
    const answers = this.#byPair.get(pairOf(account, model));
    if (answers === undefined) return undefined;
    answers.typical ??= typicalOf(answers.tokens);
    return answers.typical;
  }
}

interface RecentAnswers {
  /** In the order of their places, not of time. */
  readonly tokens: number[];
  /** The place of the next answer: that of the oldest one. */
  next: number;
  /** Undefined until somebody asks. */
  typical: number | undefined;
}

function typicalOf(tokens: readonly number[]): number | undefined {
  const sorted = tokens.toSorted((one, other) => one - other);
  return sorted[Math.ceil(COVERED_SHARE * sorted.length) - 1];
}

/** Ids of accounts and models contain no control characters. */
function pairOf(account: string, model: string): string {
  return `${account}\u0000${model}`;
}
