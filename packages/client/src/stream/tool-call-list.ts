/** Puts the calls of a stream together, also those of servers that leave out the index, the id or both. */
import type { ToolCall, ToolCallPiece } from '../chat/types.js';

/** A call that is being put together. */
export interface GrowingCall {
  readonly source: number | undefined;
  id: string;
  name: string;
  arguments: string;
}

export class ToolCallList {
  readonly calls: GrowingCall[] = [];

  /** The call that a piece belongs to: one that is there, or a new one at the end. */
  find({ index, id, function: called }: ToolCallPiece): GrowingCall {
    const source = index ?? undefined;
    const last = this.calls.at(-1);
    let call: GrowingCall | undefined;
    if (source !== undefined) {
      call = this.calls.findLast((other) => other.source === source);
      // Some servers number all of their calls 0: another id is another call.
      if (call?.id && id && id !== call.id) call = this.calls.find((other) => other.id === id);
    } else if (id) call = this.calls.find((other) => other.id === id);
    else if (!called?.name || last?.name === '') call = last;
    if (call) return call;
    const added = { source, id: '', name: '', arguments: '' };
    this.calls.push(added);
    return added;
  }

  /** The calls so far. One without an id gets one that begins with `prefix`. */
  toCalls(prefix: string): ToolCall[] {
    return this.calls.map(({ id, name, arguments: text }, index) => ({
      id: id || `${prefix}_${index}`,
      type: 'function',
      function: { name, arguments: text },
    }));
  }
}
