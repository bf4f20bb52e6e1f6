/** A stream whose events are not as they should be: one breaks off or comes twice, or the last of them lack something. */
import { DONE_EVENT, encodeEvent } from '@plumb/wire';
import type { Outgoing } from '../../http/exchange.js';
import { Outlet } from './outlet.js';
import { type Chosen, isLast, readEvents } from './read-events.js';

/** What becomes of one event: what is sent in its place. */
export type EventChange = (data: string) => string;

/** Changes one event: the one after so many, or the last one of a shorter answer. */
export class OneBrokenEvent extends Outlet {
  readonly #after: number;
  readonly #change: EventChange;
  #passed = 0;
  #isDone = false;

  constructor(exchange: Outgoing, after: number, change: EventChange) {
    super(exchange);
    this.#after = after;
    this.#change = change;
  }

  override write(piece: string | Uint8Array): void {
    const events = this.#isDone ? [] : readEvents(piece);
    if (events.length === 0) super.write(piece);
    for (const data of events) super.write(this.#take(data));
  }

  #take(data: string): string {
    this.#passed += 1;
    if (this.#isDone || (this.#passed <= this.#after && !isLast(data))) return encodeEvent(data);
    this.#isDone = true;
    return this.#change(data);
  }
}

/** Half of the JSON, in an event that is whole. */
export const breakOff: EventChange = (data) => encodeEvent(data.slice(0, Math.ceil(data.length / 2)));

export const repeat: EventChange = (data) => encodeEvent(data).repeat(2);

/** No event says [DONE]. */
export class WithoutDone extends Outlet {
  override end(piece?: string | Uint8Array): void {
    super.end(piece === DONE_EVENT ? undefined : piece);
  }
}

/** No chunk says why the answer ended, nor does a body. */
export class WithoutFinishReason extends Outlet {
  override write(piece: string | Uint8Array): void {
    const events = readEvents(piece);
    if (events.length === 0) super.write(piece);
    for (const data of events) super.write(encodeEvent(isLast(data) ? dropFinishReason(data, null) : data));
  }

  override end(piece?: string | Uint8Array): void {
    const isBody = typeof piece === 'string' && piece.startsWith('{');
    super.end(isBody ? dropFinishReason(piece) : piece);
  }

  override sendJson(status: number, json: string, headers?: Record<string, string>): void {
    super.sendJson(status, dropFinishReason(json), headers);
  }
}

/** Chunks before the last one say null; a body lacks the key. An error has no choices and stays as it is. */
function dropFinishReason(json: string, inItsPlace?: null): string {
  const body = JSON.parse(json) as Chosen;
  const choices = body.choices?.map((choice) => ({ ...choice, finish_reason: inItsPlace }));
  return JSON.stringify({ ...body, ...(choices && { choices }) });
}
