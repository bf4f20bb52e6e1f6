/**
 * Puts `reasoning_content` back: the contract wants it with every turn that called tools while it thought, and most
 * SDKs drop it. Only what the endpoint itself has sent is put back, found by the ids of the calls.
 */
import { isObject, type JsonObject } from '../dialects/dialect.js';

/** What is remembered at most, in characters; the oldest goes first. */
const CHARACTERS_MAX = 8_000_000;

export class ReasoningMemory {
  readonly #byCall = new Map<string, string>();
  #characters = 0;

  remember(calledIds: readonly string[], reasoning: string): void {
    if (reasoning === '') return;
    for (const id of calledIds) {
      this.#forget(id);
      this.#byCall.set(id, reasoning);
      this.#characters += reasoning.length;
    }
    for (const id of this.#byCall.keys()) {
      if (this.#characters <= CHARACTERS_MAX) return;
      this.#forget(id);
    }
  }

  /** The messages with the reasoning that is missing; the very same array when none is. */
  putBack(messages: readonly unknown[]): readonly unknown[] {
    let isChanged = false;
    const complete = messages.map((message) => {
      const reasoning = isObject(message) ? this.#find(message) : undefined;
      if (reasoning === undefined) return message;
      isChanged = true;
      return { ...(message as JsonObject), reasoning_content: reasoning };
    });
    return isChanged ? complete : messages;
  }

  #find({ role, reasoning_content: has, tool_calls: calls }: JsonObject): string | undefined {
    if (role !== 'assistant' || (typeof has === 'string' && has !== '') || !Array.isArray(calls)) return undefined;
    for (const call of calls.filter(isObject)) {
      const reasoning = this.#byCall.get(String(call.id));
      if (reasoning !== undefined) return reasoning;
    }
    return undefined;
  }

  #forget(id: string): void {
    this.#characters -= this.#byCall.get(id)?.length ?? 0;
    this.#byCall.delete(id);
  }
}
