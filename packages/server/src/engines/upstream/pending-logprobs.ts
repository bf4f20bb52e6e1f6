/** Probabilities of tokens whose text is still held back: they are sent with the next text. */
import type { Logprobs, TokenLogprob } from '@plumb/wire';

export class PendingLogprobs {
  #pending: Logprobs | null = null;

  get isPending(): boolean {
    return this.#pending !== null;
  }

  add(logprobs: Logprobs | null): void {
    if (this.#pending === null || logprobs === null) this.#pending ??= logprobs;
    else this.#pending = merge(this.#pending, logprobs);
  }

  /** What is pending, which it then is no longer. */
  take(): Logprobs | null {
    const pending = this.#pending;
    this.#pending = null;
    return pending;
  }
}

function merge(first: Logprobs, second: Logprobs): Logprobs {
  const content = join(first.content, second.content);
  const reasoning = join(first.reasoning_content, second.reasoning_content);
  return {
    ...(content === undefined ? {} : { content }),
    ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
  };
}

type Tokens = TokenLogprob[] | null | undefined;

function join(first: Tokens, second: Tokens): Tokens {
  if (!first) return second ?? first;
  return second ? [...first, ...second] : first;
}
