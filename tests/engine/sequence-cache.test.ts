/** Which sequence a prompt is read into, and what of it need not be read again. The memory is played by hand. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { chunkLength, EXACT_TOKENS } from '#llama/scheduling/chunk-length.js';
import { SequenceCache, type SequenceLease } from '#llama/scheduling/sequence-cache.js';

/** Memory that knows what each sequence holds, as far as it can: the tokens that the test says were read. */
class PlayedMemory {
  readonly held: number[][];
  copies = 0;
  canCut = true;

  constructor(count: number) {
    this.held = Array.from({ length: count }, () => []);
  }

  async copySequence(target: number, source: number): Promise<void> {
    this.copies++;
    this.held[target] = this.held[source]!.slice();
  }

  cutSequence(sequence: number, from: number): boolean {
    if (this.canCut) this.held[sequence]!.length = Math.min(this.held[sequence]!.length, from);
    return this.canCut;
  }

  clearSequence(sequence: number): void {
    this.held[sequence] = [];
  }
}

function setUp(count: number) {
  const memory = new PlayedMemory(count);
  const cache = new SequenceCache(memory, count);
  /** Takes a sequence and reads the prompt and an answer into it. */
  const use = async (
    prompt: readonly number[],
    scope = 'a',
    answer: readonly number[] = [],
  ): Promise<SequenceLease> => {
    const lease = await cache.take(Uint32Array.from(prompt), scope);
    const { sequence, hitTokens } = lease;
    assert.deepEqual(memory.held[sequence.id], prompt.slice(0, hitTokens), 'the memory holds what was promised');
    assert.ok(hitTokens < prompt.length);
    const read = [...prompt.slice(hitTokens), ...answer];
    sequence.tokens.push(...read);
    memory.held[sequence.id]!.push(...read);
    return lease;
  };
  return { memory, cache, use };
}

function range(length: number, from = 0): number[] {
  return Array.from({ length }, (_, index) => from + index);
}

describe('the sequence cache', () => {
  test('continues a conversation where it is', async () => {
    const { cache, memory, use } = setUp(4);
    const first = await use(range(50), 'a', range(30, 500));
    cache.release(first.sequence);
    const second = await use([...range(50), ...range(30, 500), ...range(20, 900)]);
    assert.equal(second.hitTokens, 80);
    assert.equal(second.sequence.id, first.sequence.id);
    assert.equal(memory.copies, 0);
  });

  test('always leaves the last token of a prompt to be read', async () => {
    const { cache, use } = setUp(2);
    cache.release((await use(range(50), 'a', range(10, 500))).sequence);
    assert.equal((await use(range(50))).hitTokens, 49);
  });

  test('reuses nothing across scopes', async () => {
    const { cache, use } = setUp(4);
    cache.release((await use(range(50), 'a')).sequence);
    assert.equal((await use(range(50), 'b')).hitTokens, 0);
    assert.equal((await use(range(50), 'a')).hitTokens, 49);
  });

  test('copies what a prompt shares with a sequence that is busy', async () => {
    const { memory, use } = setUp(4);
    const busy = await use(range(100));
    const other = await use([...range(80), ...range(20, 500)]);
    assert.equal(other.hitTokens, 80);
    assert.notEqual(other.sequence.id, busy.sequence.id);
    assert.equal(memory.copies, 1);
  });

  test('leaves a long conversation alone for one that only begins like it', async () => {
    const { cache, use } = setUp(4);
    const first = await use([...range(40), ...range(400, 100)]);
    cache.release(first.sequence);
    const second = await use([...range(40), ...range(50, 900)]);
    assert.equal(second.hitTokens, 40);
    assert.notEqual(second.sequence.id, first.sequence.id);
    cache.release(second.sequence);
    assert.equal((await use([...range(40), ...range(400, 100), 7])).hitTokens, 440);
  });

  test('gives away the sequence that was used longest ago', async () => {
    const { cache, use } = setUp(3);
    const leases = [await use(range(50, 100)), await use(range(50, 200)), await use(range(50, 300))];
    for (const { sequence } of leases) cache.release(sequence);
    assert.equal((await use(range(50, 400))).sequence.id, leases[0]!.sequence.id);
  });

  test('keeps busy sequences side by side', async () => {
    const { cache, use } = setUp(8);
    const leases: SequenceLease[] = [];
    for (let index = 0; index < 4; index++) leases.push(await use(range(10, 100 * (index + 1))));
    assert.deepEqual(leases.map(({ sequence }) => sequence.id).sort(), [0, 1, 2, 3]);
    cache.release(leases.find(({ sequence }) => sequence.id === 1)!.sequence);
    assert.equal((await use(range(10, 900))).sequence.id, 1, 'a gap is filled first');
  });

  test('starts from nothing where the memory cannot be cut', async () => {
    const { cache, memory, use } = setUp(1);
    cache.release((await use(range(50))).sequence);
    memory.canCut = false;
    assert.equal((await use([...range(20), ...range(9, 500)])).hitTokens, 0);
  });

  test('promises no token that the memory does not hold, whatever comes', async () => {
    const step = fc.record({
      scope: fc.constantFrom('a', 'b'),
      prompt: fc.array(fc.nat(2), { minLength: 1, maxLength: 30 }),
      answer: fc.array(fc.nat(2), { maxLength: 10 }),
      isReleased: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { cache, use } = setUp(3);
        const busy: SequenceLease[] = [];
        for (const { scope, prompt, answer, isReleased } of steps) {
          if (!cache.hasFree) cache.release(busy.shift()!.sequence);
          const lease = await use(prompt, scope, answer);
          if (isReleased) cache.release(lease.sequence);
          else busy.push(lease);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the chunks of a prompt', () => {
  test('cover it, stay below a tile at its beginning and end at whole tiles after that', () => {
    fc.assert(
      fc.property(fc.nat(600), fc.integer({ min: 1, max: 3000 }), (start, length) => {
        let position = start;
        while (position < start + length) {
          const chunk = chunkLength(position, start + length - position, false);
          assert.ok(chunk >= 1);
          if (position < EXACT_TOKENS) assert.ok(chunk < 64 && position + chunk <= EXACT_TOKENS);
          else assert.ok(chunk <= 64 && ((position + chunk) % 64 === 0 || position + chunk === start + length));
          position += chunk;
        }
        assert.equal(position, start + length);
      }),
    );
  });
});
