/** What engines do to an answer that are not well: no content, and tool calls that are no JSON. */
import type { ChatChunk, Delta } from '@plumb/wire';

/** Content is empty; reasoning, tool calls and usage are what they are. */
export function emptyContent(): (chunk: ChatChunk) => ChatChunk {
  return (chunk) => changeDelta(chunk, (delta) => (delta.content ? { ...delta, content: '' } : delta), true);
}

/** The arguments of every call lack what closes them: a bracket waits for something after it, which the last one has not. */
export function breakToolCalls(): (chunk: ChatChunk) => ChatChunk {
  const held = new Map<number, string>();
  const breakArguments = (index: number, piece: string) => {
    const whole = (held.get(index) ?? '') + piece;
    const closing = /\}\s*$/.exec(whole)?.[0] ?? '';
    held.set(index, closing);
    return whole.slice(0, whole.length - closing.length);
  };
  return (chunk) =>
    changeDelta(chunk, (delta) => {
      if (delta.tool_calls === undefined) return delta;
      const calls = delta.tool_calls.map(({ index, function: called, ...call }) => ({
        index,
        ...call,
        ...(called && {
          function: {
            ...called,
            ...(called.arguments !== undefined && { arguments: breakArguments(index, called.arguments) }),
          },
        }),
      }));
      return { ...delta, tool_calls: calls };
    });
}

function changeDelta(chunk: ChatChunk, change: (delta: Delta) => Delta, dropsLogprobs = false): ChatChunk {
  const choices = chunk.choices.map((choice) => ({
    ...choice,
    delta: change(choice.delta),
    ...(dropsLogprobs && { logprobs: null }),
  }));
  return { ...chunk, choices };
}
