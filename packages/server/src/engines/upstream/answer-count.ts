/** Counts the tokens of one answer: by what the engine says, and until it has said it by what one can see. */
import type { Usage } from '@plumb/wire';
import { type EstimatedPrompt, type TokenEstimator, tokensOfText } from './estimate-tokens.js';
import type { ChunkContent } from './read-chunk.js';
import { type UpstreamUsage, writeUsage } from './read-usage.js';

/** The two texts of an answer. */
export type Channel = 'reasoning' | 'content';

export class AnswerCount {
  /** What the prompt was estimated as, before correction. */
  readonly #rawPrompt: number;
  readonly #estimator: TokenEstimator;
  #told: UpstreamUsage | undefined;
  /** Pieces of a stream, each of which counts as a token; those of reasoning among them. */
  #pieces = 0;
  #reasoningPieces = 0;

  constructor(prompt: EstimatedPrompt, estimator: TokenEstimator) {
    this.#rawPrompt = estimator.rawOf(prompt);
    this.#estimator = estimator;
  }

  /** Whether any output has been counted. */
  get hasPieces(): boolean {
    return this.#pieces > 0;
  }

  /** A piece of output has come. */
  addPiece(channel: Channel): void {
    this.#pieces += 1;
    if (channel === 'reasoning') this.#reasoningPieces += 1;
  }

  /** The output came as a whole, of which only the texts tell how many tokens they are. */
  setWhole({ reasoning, content, toolCalls }: ChunkContent): void {
    this.#reasoningPieces = 0;
    // Without reasoning, whoever has counted has said all.
    if (this.#told !== undefined && reasoning === '') return;
    const calls = toolCalls.map((call) => call.name + call.arguments);
    this.#reasoningPieces = Math.ceil(tokensOfText(reasoning));
    this.#pieces = this.#reasoningPieces + Math.ceil(tokensOfText(content + calls.join('')));
  }

  /** The engine has said what it counted; the last word counts. */
  tell(usage: UpstreamUsage | undefined): void {
    this.#told = usage ?? this.#told;
  }

  /** Lets the estimates for this engine learn from what it counted. */
  teachEstimator(): void {
    if (this.#told !== undefined) this.#estimator.observe(this.#rawPrompt, this.#told.promptTokens);
  }

  /** What has been used so far. Reasoning that the engine does not count has its share of the pieces. */
  usage(thinking: boolean): Usage {
    const completionTokens = this.#told?.completionTokens ?? this.#pieces;
    const reasoningShare = this.#pieces === 0 ? 0 : this.#reasoningPieces / this.#pieces;
    const used: UpstreamUsage = {
      promptTokens: this.#told?.promptTokens ?? this.#estimator.correct(this.#rawPrompt),
      completionTokens,
      cachedTokens: this.#told?.cachedTokens,
      reasoningTokens: this.#told?.reasoningTokens ?? Math.round(completionTokens * reasoningShare),
    };
    return writeUsage(used, thinking);
  }
}
