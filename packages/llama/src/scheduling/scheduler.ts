/**
 * Continuous batching. Each round draws one token for every stream that is decoding, all in one batch, and then reads
 * prompts up to a budget, one after the other in order of arrival: a burst of requests gets its first tokens one by one
 * instead of all at the end.
 */
import { serviceUnavailable } from '@plumb/wire';
import type { Generation } from '../generation/generation.js';
import type { BatchEntry, Draw } from '../native/native-model.js';
import { chunkLength } from './chunk-length.js';
import type { Sequence, SequenceCache } from './sequence-cache.js';
import type { ThreadGovernor } from './thread-governor.js';

/** Requests that wait for a sequence; more are refused. */
const WAITING_REQUESTS_MAX = 1024;

/** What computes. */
export interface BatchDecoder {
  /** Reads the tokens of all entries and draws the next token of those with a sampler, in their order. */
  decode(entries: readonly BatchEntry[]): Promise<Draw[]>;
}

/** What the scheduler needs of the link. */
export interface SchedulerLink {
  /** Sends what is queued. */
  flush(): void;
  /** Resolves at once unless the other side has stopped reading for so long that too much is queued. */
  drained(): Promise<void>;
}

export interface SchedulerOptions {
  readonly model: BatchDecoder;
  readonly sequences: SequenceCache;
  readonly governor: ThreadGovernor;
  readonly link: SchedulerLink;
  /** The most prompt tokens that are read in a round while streams are decoding. */
  readonly prefillTokens: number;
  readonly usesGpu: boolean;
  /** Receives what llama.cpp says when it could not decode. */
  readonly onDecodeError: (error: unknown) => void;
}

/** A generation that has a sequence. */
interface Active {
  readonly generation: Generation;
  readonly sequence: Sequence;
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  #waiting: Generation[] = [];
  /** Those with a text to read before the next token: a prompt, or what closes a think block. */
  #reading: Active[] = [];
  /** Those that read what they drew, in the order of their sequences: only neighbours share a batch in llama.cpp. */
  #decoding: Active[] = [];
  #isRunning = false;
  #finished = Promise.resolve();

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Takes a generation. Fails it at once with a 503 when too many wait already. */
  submit(generation: Generation): void {
    if (this.#waiting.length >= WAITING_REQUESTS_MAX) {
      generation.fail(serviceUnavailable());
      generation.release();
      return;
    }
    this.#waiting.push(generation);
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#finished = this.#run();
  }

  /** Ends all generations; resolves when nothing computes any more. */
  stop(): Promise<void> {
    const active = [...this.#reading, ...this.#decoding].map(({ generation }) => generation);
    for (const generation of [...this.#waiting, ...active]) this.abort(generation);
    return this.#finished;
  }

  /** Ends a generation. One that is being worked on gives its sequence back at the end of the running batch. */
  abort(generation: Generation): void {
    generation.abort();
    const place = this.#waiting.indexOf(generation);
    if (place === -1) return;
    this.#waiting.splice(place, 1);
    generation.release();
  }

  /** Runs rounds for as long as there is something to do. */
  async #run(): Promise<void> {
    while (this.#decoding.length + this.#reading.length + this.#waiting.length > 0) {
      if (this.#decoding.length > 0) await this.#decode();
      await this.#read();
      await this.#options.link.drained();
      this.#sort();
    }
    this.#isRunning = false;
    this.#options.link.flush();
  }

  async #decode(): Promise<void> {
    const batch = this.#decoding;
    const drawn = await this.#compute(
      batch,
      batch.map((active) => toEntry(active, active.generation.pending.length)),
    );
    for (const [index, active] of batch.entries()) {
      if (drawn === undefined) break;
      advance(active, active.generation.pending.length);
      active.generation.accept(drawn[index]!);
    }
    this.#sort();
  }

  /** Reads prompts up to the budget; without one while nobody decodes, who would have to wait. */
  async #read(): Promise<void> {
    let budget = this.#options.prefillTokens;
    while (budget > 0 || this.#decoding.length === 0) {
      const active = this.#reading[0] ?? (await this.#admit());
      if (active === undefined) return;
      budget -= await this.#readChunk(active);
      this.#sort();
    }
  }

  /** Reads the next chunk of a prompt, and draws the first token after its last one. Returns the tokens read. */
  async #readChunk(active: Active): Promise<number> {
    const { generation, sequence } = active;
    if (generation.hasEnded) return 0;
    const left = generation.pending.length;
    const length = chunkLength(sequence.tokens.length, left, this.#options.usesGpu);
    const drawn = await this.#compute([active], [toEntry(active, length)]);
    if (drawn === undefined) return length;
    advance(active, length);
    if (length === left) generation.accept(drawn[0]!);
    return length;
  }

  /** Gives the next waiting generation a sequence; undefined when none waits or all sequences are taken. */
  async #admit(): Promise<Active | undefined> {
    if (!this.#options.sequences.hasFree) return undefined;
    const generation = this.#waiting.shift();
    if (generation === undefined) return undefined;
    const { sequence, hitTokens } = await this.#options.sequences.take(generation.promptTokens, generation.scope);
    const active = { generation, sequence };
    this.#reading.push(active);
    if (!generation.hasEnded) generation.begin(hitTokens);
    return active;
  }

  /** Decodes entries. On an error their generations fail, and undefined is returned. */
  async #compute(actives: readonly Active[], entries: readonly BatchEntry[]): Promise<Draw[] | undefined> {
    const { model, governor } = this.#options;
    governor.start();
    try {
      const drawn = model.decode(entries);
      // What the last round said is sent now, beside the computing threads instead of before them.
      this.#options.link.flush();
      return await drawn;
    } catch (error) {
      this.#options.onDecodeError(error);
      for (const { generation } of actives) generation.fail(serviceUnavailable({ cause: error }));
      for (const { sequence } of actives) this.#options.sequences.clear(sequence);
      return undefined;
    } finally {
      governor.stop();
    }
  }

  /** Puts every generation where it belongs after a batch, and gives back what ended ones hold. */
  #sort(): void {
    const all = [...this.#reading, ...this.#decoding];
    for (const { generation, sequence } of all) {
      if (!generation.hasEnded) continue;
      generation.release();
      this.#options.sequences.release(sequence);
    }
    const alive = all.filter(({ generation }) => !generation.hasEnded);
    this.#reading = alive.filter(({ generation }) => generation.isReading);
    this.#decoding = alive
      .filter(({ generation }) => !generation.isReading)
      .sort((left, right) => left.sequence.id - right.sequence.id);
  }
}

/** The first `length` pending tokens of a generation; the next token is drawn when these are all. */
function toEntry({ generation, sequence }: Active, length: number): BatchEntry {
  const { pending, sampler, wantsLikelihoods } = generation;
  return {
    sequence: sequence.id,
    position: sequence.tokens.length,
    tokens: pending.subarray(0, length),
    sampler: length === pending.length ? sampler : undefined,
    wantsLikelihoods,
  };
}

/** Notes that the first `length` pending tokens are in the memory of the sequence. */
function advance({ generation, sequence }: Active, length: number): void {
  sequence.tokens.push(...generation.pending.subarray(0, length));
  generation.advance(length);
}
