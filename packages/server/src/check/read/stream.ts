/** Reads a streamed answer without any wish about it: what is wrong with it is for the cases to say. */
import { EventDecoder } from '@plumb/wire/sse';
import type { Exchange } from '../http/exchange.js';
import { at, has, listAt, parseJson, textAt } from './at.js';

/** The data that ends a stream. */
export const DONE = '[DONE]';

/** A call of a tool, put together from its pieces. */
export interface StreamedCall {
  readonly index: unknown;
  /** In the order in which the pieces came. */
  readonly pieces: readonly unknown[];
  readonly arguments: string;
}

/** A streamed answer. */
export interface StreamReading {
  /** The data of every event. */
  readonly data: readonly string[];
  /** The data before the first `[DONE]`, as JSON; undefined for what is none. */
  readonly chunks: readonly unknown[];
  /** The deltas of the first choice, in their order. */
  readonly deltas: readonly unknown[];
  readonly content: string;
  readonly reasoning: string;
  readonly calls: readonly StreamedCall[];
  /** The last usage that is not null. */
  readonly usage: unknown;
  /** Every `finish_reason` that is not null. */
  readonly finishReasons: readonly unknown[];
}

export function readStream(exchange: Exchange): StreamReading {
  const decoder = new EventDecoder();
  const data = decoder.push(exchange.bytes).map((event) => event.data);
  const end = data.indexOf(DONE);
  const chunks = data.slice(0, end === -1 ? data.length : end).map(parseJson);
  const deltas = chunks.map((chunk) => at(chunk, 'choices.0.delta')).filter((delta) => delta !== undefined);
  return {
    data,
    chunks,
    deltas,
    content: deltas.map((delta) => textAt(delta, 'content')).join(''),
    reasoning: deltas.map((delta) => textAt(delta, 'reasoning_content')).join(''),
    calls: foldCalls(deltas),
    usage: chunks.map((chunk) => at(chunk, 'usage')).findLast((usage) => usage !== undefined && usage !== null),
    finishReasons: chunks
      .map((chunk) => at(chunk, 'choices.0.finish_reason'))
      .filter((reason) => reason !== undefined && reason !== null),
  };
}

/** The chunks that have a choice: all but one with usage alone. */
export function withChoices(chunks: readonly unknown[]): readonly unknown[] {
  return chunks.filter((chunk) => has(chunk, 'choices.0'));
}

function foldCalls(deltas: readonly unknown[]): StreamedCall[] {
  const pieces = deltas.flatMap((delta) => listAt(delta, 'tool_calls'));
  const indexes = [...new Set(pieces.map((piece) => at(piece, 'index')))];
  return indexes.map((index) => {
    const own = pieces.filter((piece) => at(piece, 'index') === index);
    return { index, pieces: own, arguments: own.map((piece) => textAt(piece, 'function.arguments')).join('') };
  });
}
