/** Sums up what the events of an answer say: its use, its end, and what it thought before it called tools. */
import type { AnswerFacts } from '../dialects/dialect.js';

/** Reasoning beyond this many characters is not remembered: no model has thought so much before a call. */
const REASONING_CHARACTERS_MAX = 4_000_000;

export class AnswerTally {
  finish: string | undefined;
  isEnd = false;
  promptTokens: number | undefined;
  answerTokens: number | undefined;
  /** Events with output: where the use is not told, about as many tokens. */
  outputs = 0;
  reasoning = '';
  readonly calledIds: string[] = [];

  add(facts: AnswerFacts): void {
    this.finish = facts.finish ?? this.finish;
    this.isEnd ||= facts.isEnd ?? false;
    this.promptTokens = facts.promptTokens ?? this.promptTokens;
    this.answerTokens = facts.answerTokens ?? this.answerTokens;
    if (facts.hasOutput) this.outputs++;
    if (facts.reasoning !== undefined && this.reasoning.length < REASONING_CHARACTERS_MAX)
      this.reasoning += facts.reasoning;
    if (facts.calledIds !== undefined) this.calledIds.push(...facts.calledIds);
  }

  /** All tokens that were used; undefined when the endpoint did not say it. */
  get totalTokens(): number | undefined {
    const { promptTokens, answerTokens } = this;
    return promptTokens === undefined && answerTokens === undefined
      ? undefined
      : (promptTokens ?? 0) + (answerTokens ?? 0);
  }
}
