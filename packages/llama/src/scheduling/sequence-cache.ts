/**
 * Which of the context's sequences a prompt is read into. A sequence keeps its tokens when a generation is over, and a
 * prompt that begins with the same tokens, in the same scope, does not read them again.
 */

/** What the cache does with the memory of the context. */
export interface SequenceMemory {
  /** Makes `target` hold what `source` holds. */
  copySequence(target: number, source: number): Promise<void>;
  /** Forgets a sequence from a place on. False when it cannot be cut there. */
  cutSequence(sequence: number, from: number): boolean;
  clearSequence(sequence: number): void;
}

/** A sequence of the context; `tokens` is what its memory holds. */
export interface Sequence {
  readonly id: number;
  tokens: number[];
  scope: string;
  isBusy: boolean;
  /** Rises with every use; 0 when it was never used. */
  lastUse: number;
}

/** A sequence for one prompt, and how many tokens of the prompt it holds already. */
export interface SequenceLease {
  readonly sequence: Sequence;
  readonly hitTokens: number;
}

/** A way to serve a prompt: read into `target`, what it shares with `source` copied first where that is another one. */
interface Placement {
  readonly target: Sequence;
  readonly source: Sequence;
  readonly hitTokens: number;
}

// What the ways cost, in tokens that would take as long to read.

/** Copying the memory of a sequence; more than its time, so that a conversation rather goes on where it is. */
const COPY_TOKENS = 16;
/** One more gap between the busy sequences: llama.cpp decodes each run of neighbours by itself, token after token. */
const GAP_TOKENS = 128;
/** Losing a token that another conversation may come back for, if it was used last; less the longer that is ago. */
const LOST_TOKEN = 0.25;

export class SequenceCache {
  readonly #memory: SequenceMemory;
  readonly #sequences: readonly Sequence[];
  #uses = 0;

  constructor(memory: SequenceMemory, count: number) {
    this.#memory = memory;
    this.#sequences = Array.from({ length: count }, (_, id) => ({
      id,
      tokens: [],
      scope: '',
      isBusy: false,
      lastUse: 0,
    }));
  }

  get hasFree(): boolean {
    return this.#sequences.some(({ isBusy }) => !isBusy);
  }

  /**
   * Takes a free sequence for a prompt; there must be one. At least the last token of the prompt is left to be read.
   * Nothing may be decoded meanwhile.
   */
  async take(prompt: Uint32Array, scope: string): Promise<SequenceLease> {
    const { target, source, hitTokens } = this.#choose(prompt, scope);
    target.isBusy = true;
    target.lastUse = ++this.#uses;
    target.scope = scope;
    if (target !== source) {
      await this.#memory.copySequence(target.id, source.id);
      target.tokens = source.tokens.slice();
    }
    return { sequence: target, hitTokens: this.#cut(target, hitTokens) };
  }

  /** The free sequences that hold something, from the one used last to the one used longest ago. */
  kept(): readonly Sequence[] {
    const kept = this.#sequences.filter(({ isBusy, tokens }) => !isBusy && tokens.length > 0);
    return kept.sort((left, right) => right.lastUse - left.lastUse);
  }

  /**
   * Fills an empty sequence from elsewhere; `read` gets its number and returns the tokens that its memory holds then, or
   * undefined when that failed. Nothing may be decoded meanwhile. Does nothing when no sequence is empty.
   */
  async restore(scope: string, read: (sequence: number) => Promise<readonly number[] | undefined>): Promise<void> {
    const sequence = this.#sequences.find(({ isBusy, tokens }) => !isBusy && tokens.length === 0);
    if (sequence === undefined) return;
    const tokens = await read(sequence.id);
    if (tokens === undefined) return this.clear(sequence);
    sequence.tokens = [...tokens];
    sequence.scope = scope;
    sequence.lastUse = ++this.#uses;
  }

  /** Gives a sequence back; its tokens stay. */
  release(sequence: Sequence): void {
    sequence.isBusy = false;
    sequence.lastUse = ++this.#uses;
  }

  /** Empties a sequence whose memory is not known to be right. */
  clear(sequence: Sequence): void {
    this.#memory.clearSequence(sequence.id);
    sequence.tokens = [];
  }

  /** Returns how many tokens are left: none where the memory of the model cannot be cut. */
  #cut(sequence: Sequence, length: number): number {
    if (length > 0 && (sequence.tokens.length === length || this.#memory.cutSequence(sequence.id, length))) {
      sequence.tokens.length = length;
      return length;
    }
    this.clear(sequence);
    return 0;
  }

  #choose(prompt: Uint32Array, scope: string): Placement {
    const shared = this.#sequences.map((sequence) => (sequence.scope === scope ? sharedLength(sequence, prompt) : 0));
    const best = this.#sequences[shared.indexOf(Math.max(...shared))]!;
    const ages = this.#ages();
    let choice: Placement | undefined;
    let lowest = Number.POSITIVE_INFINITY;
    for (const target of this.#sequences) {
      if (target.isBusy) continue;
      const kept = shared[target.id]!;
      const common =
        GAP_TOKENS * this.#gapsAdded(target) + (LOST_TOKEN * (target.tokens.length - kept)) / ages[target.id]!;
      const placements = [{ target, source: target, hitTokens: kept, cost: common - kept }];
      if (best !== target) {
        const hitTokens = shared[best.id]!;
        placements.push({ target, source: best, hitTokens, cost: common + COPY_TOKENS - hitTokens });
      }
      for (const { cost, ...placement } of placements) {
        if (cost >= lowest) continue;
        lowest = cost;
        choice = placement;
      }
    }
    return choice!;
  }

  /** For each sequence its place among all from the one used last, which has 1, to the one used longest ago. */
  #ages(): number[] {
    const order = [...this.#sequences].sort((left, right) => right.lastUse - left.lastUse);
    const ages: number[] = [];
    for (const [place, { id }] of order.entries()) ages[id] = place + 1;
    return ages;
  }

  /** By how much the number of runs of busy neighbours changes when this sequence joins them: -1, 0 or 1. */
  #gapsAdded({ id }: Sequence): number {
    const neighbours = [this.#sequences[id - 1], this.#sequences[id + 1]];
    const busy = neighbours.filter((neighbour) => neighbour?.isBusy === true).length;
    return 1 - busy;
  }
}

/** How many tokens a prompt begins with that the sequence holds, without the last one: its logits must be computed. */
function sharedLength({ tokens }: Sequence, prompt: Uint32Array): number {
  const limit = Math.min(tokens.length, prompt.length - 1);
  let length = 0;
  while (length < limit && tokens[length] === prompt[length]) length++;
  return length;
}
