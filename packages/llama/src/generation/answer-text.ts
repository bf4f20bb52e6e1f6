/** Cuts the text that a model produces into reasoning, words and calls. */
import { type OutputPhase, OutputSplitter, type OutputStart } from '@plumb/wire';
import type { CallPlan } from '../answer/answer-plan.js';
import { type CallReceiver, CallSplitter } from '../calls/call-splitter.js';

/** Receives an answer in order: reasoning, words, calls. */
export interface AnswerReceiver extends CallReceiver {
  reasoning(text: string): void;
}

export class AnswerText {
  readonly #output: OutputSplitter;
  readonly #calls: CallSplitter | undefined;

  /** @param plan How calls are written; undefined when there can be none. */
  constructor(start: OutputStart, stops: readonly string[], plan: CallPlan | undefined, receiver: AnswerReceiver) {
    this.#calls = plan === undefined ? undefined : new CallSplitter(plan.form, plan.kindsOf, stops, receiver);
    // Stop sequences count in words alone: inside of arguments they would make invalid JSON.
    this.#output = new OutputSplitter(start, plan === undefined ? stops : [], {
      reasoning: (text) => receiver.reasoning(text),
      content: (text) => (this.#calls === undefined ? receiver.content(text) : this.#calls.push(text)),
    });
  }

  get phase(): OutputPhase {
    return this.#calls?.phase === 'stopped' ? 'stopped' : this.#output.phase;
  }

  /** Whether the next text belongs to a call, or can only be followed by one. */
  get isInCalls(): boolean {
    return this.#calls?.phase === 'calls';
  }

  push(text: string): void {
    this.#output.push(text);
  }

  closeReasoning(): void {
    this.#output.closeReasoning();
  }

  end(): void {
    this.#output.end();
    this.#calls?.end();
  }
}
