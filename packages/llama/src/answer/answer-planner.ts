/** Plans answers, and remembers the latest plans: clients send the same tools with every request. */
import type { ChatRequest } from '@plumb/wire';
import { type AnswerPlan, type CallStyle, planAnswer } from './answer-plan.js';

/** The most plans that are remembered. */
const PLANS_MAX = 64;

/** The plan of a request that asks for nothing but words. */
const WORDS: AnswerPlan = { grammar: undefined, calls: undefined };

export class AnswerPlanner {
  readonly #style: CallStyle;
  readonly #check: (gbnf: string) => void;
  readonly #plans = new Map<string, AnswerPlan>();

  /**
   * @param style How the model writes calls.
   * @param check Throws for a text that is no grammar, so that this fails one request before it has begun.
   */
  constructor(style: CallStyle, check: (gbnf: string) => void) {
    this.#style = style;
    this.#check = check;
  }

  /** @throws ApiError invalid_request that names what cannot be enforced. */
  plan(request: ChatRequest): AnswerPlan {
    const { tools, tool_choice, response_format } = request;
    if ((tools ?? []).length === 0 && (response_format?.type ?? 'text') === 'text') return WORDS;
    const key = JSON.stringify([tools, tool_choice, response_format]);
    const plan = this.#plans.get(key) ?? this.#make(request);
    // The plan that was used last is remembered longest.
    this.#plans.delete(key);
    this.#plans.set(key, plan);
    const [oldest] = this.#plans.keys();
    if (this.#plans.size > PLANS_MAX && oldest !== undefined) this.#plans.delete(oldest);
    return plan;
  }

  #make(request: ChatRequest): AnswerPlan {
    const plan = planAnswer(request, this.#style);
    for (const gbnf of [plan.grammar, plan.calls?.grammar]) if (gbnf !== undefined) this.#check(gbnf);
    return plan;
  }
}
