/** Keeps the tool calls of one answer in order: every piece has its index, the first one id and name, once. */
import { randomInt } from 'node:crypto';
import type { DeltaToolCall } from '@plumb/wire';
import type { MarkupCall } from './markup/parse-call.js';
import type { ToolCallPiece } from './read-chunk.js';

interface Call {
  /** Its place in our answer; undefined until it has begun to be sent. */
  index: number | undefined;
  readonly upstreamIndex: number | undefined;
  /** The engine's id, empty when it sent none. */
  upstreamId: string;
  /** Arguments that came before the name. */
  waiting: string;
}

/** What makes the id of a call whose engine sends none: `call_`, its index in two digits, 24 letters and digits. */
const ID_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const ID_LENGTH = 24;

export class ToolCalls {
  readonly #calls: Call[] = [];
  #begun = 0;

  /** How many calls have begun to be sent. */
  get count(): number {
    return this.#begun;
  }

  /** What is sent for a piece: nothing until the name of its call is known. */
  add(piece: ToolCallPiece): DeltaToolCall | undefined {
    const call = this.#find(piece) ?? this.#open(piece.index, piece.id);
    const { index } = call;
    if (index !== undefined) {
      return piece.arguments === '' ? undefined : { index, function: { arguments: piece.arguments } };
    }
    call.waiting += piece.arguments;
    if (call.upstreamId === '') call.upstreamId = piece.id;
    return piece.name === '' ? undefined : this.#begin(call, piece.name);
  }

  /** What is sent for a call that stood in the text. */
  addWhole({ name, arguments: text }: MarkupCall): DeltaToolCall {
    const call = this.#open(undefined, '');
    call.waiting = text;
    return this.#begin(call, name);
  }

  /**
   * The call that a piece goes on with. Some engines number nothing, and some give every call the index 0: another id is
   * another call.
   */
  #find({ index, id, name }: ToolCallPiece): Call | undefined {
    const call =
      index === undefined ? this.#calls.at(-1) : this.#calls.findLast(({ upstreamIndex }) => upstreamIndex === index);
    if (call === undefined || (id !== '' && call.upstreamId !== '' && id !== call.upstreamId)) return undefined;
    const isNext = index === undefined && name !== '' && call.index !== undefined;
    return isNext ? undefined : call;
  }

  #open(upstreamIndex: number | undefined, upstreamId: string): Call {
    const call: Call = { index: undefined, upstreamIndex, upstreamId, waiting: '' };
    this.#calls.push(call);
    return call;
  }

  #begin(call: Call, name: string): DeltaToolCall {
    const index = this.#begun;
    this.#begun += 1;
    call.index = index;
    const id = call.upstreamId === '' ? createId(index) : call.upstreamId;
    return { index, id, type: 'function', function: { name, arguments: call.waiting } };
  }
}

function createId(index: number): string {
  const characters = Array.from({ length: ID_LENGTH }, () => ID_CHARACTERS[randomInt(ID_CHARACTERS.length)]);
  return `call_${String(index % 100).padStart(2, '0')}_${characters.join('')}`;
}
