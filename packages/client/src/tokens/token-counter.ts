/** The port of token counting: how many tokens the prompt of a request will have, before its endpoint has said so. */

/**
 * Counts prompts for the limiter's reservations and for plans, and learns from what endpoints report. One counter may
 * serve any number of models; what it keeps is bounded.
 */
export interface TokenCounter {
  /**
   * Tokens of the prompt that a request's body makes, corrected by what has been learnt of its `model`. Reads bodies of
   * chat completions, completions, embeddings and the Anthropic and Responses dialects. Never throws: of what is none of
   * these, the text is counted as it stands.
   *
   * @param body The parsed JSON.
   * @returns A whole number, 0 or more.
   */
  countRequest(body: unknown): number;

  /**
   * Takes over what an endpoint has reported. Numbers that cannot be (not finite, 0 or less) are passed over.
   *
   * @param model The `model` of the request.
   * @param counted What `countRequest` returned for it.
   * @param actual `usage.prompt_tokens` of its answer, cached ones included.
   */
  learn(model: string, counted: number, actual: number): void;
}
