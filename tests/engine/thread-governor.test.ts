/** How many threads compute: as many as have a core. Clock and processors are played by hand. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ThreadGovernor } from '#llama/scheduling/thread-governor.js';

/** A machine of `cores`, of which others use `foreign`. */
class Machine {
  foreign = 0;
  #now = 0;
  #used = 0;
  #idle = 0;
  readonly cores: number;
  readonly changes: number[] = [];
  readonly governor: ThreadGovernor;

  constructor(cores: number, wanted: number) {
    this.cores = cores;
    const readings = { now: () => this.#now, usedMs: () => this.#used, idleMs: () => this.#idle };
    this.governor = new ThreadGovernor(wanted, readings, (threads) => this.changes.push(threads));
  }

  /** Computes for some time in steps of 10 ms. */
  compute(durationMs: number): void {
    for (let passed = 0; passed < durationMs; passed += 10) {
      this.governor.start();
      this.#pass(10, this.governor.threads);
      this.governor.stop();
    }
  }

  rest(durationMs: number): void {
    this.#pass(durationMs, 0);
  }

  /** Spinning threads use all of the cores that they get. */
  #pass(durationMs: number, threads: number): void {
    const used = Math.min(threads, this.cores - this.foreign);
    this.#now += durationMs;
    this.#used += used * durationMs;
    this.#idle += (this.cores - this.foreign - used) * durationMs;
  }
}

describe('the thread governor', () => {
  test('leaves the threads alone while each of them has a core', () => {
    const machine = new Machine(8, 7);
    machine.compute(10_000);
    assert.deepEqual(machine.changes, []);
  });

  test('gives up the threads that lost their core within a tenth of a second', () => {
    const machine = new Machine(2, 2);
    machine.compute(1000);
    machine.foreign = 1;
    machine.compute(100);
    assert.deepEqual(machine.changes, [1]);
  });

  test('takes them back when cores are idle again', () => {
    const machine = new Machine(4, 4);
    machine.foreign = 3;
    machine.compute(1000);
    assert.equal(machine.governor.threads, 1);
    machine.foreign = 0;
    machine.compute(1000);
    assert.equal(machine.governor.threads, 4);
  });

  test('stays low for as long as others compute, whoever uses the cores', () => {
    const machine = new Machine(2, 2);
    machine.foreign = 1;
    machine.compute(60_000);
    assert.deepEqual(machine.changes, [1]);
  });

  test('looks for idle cores ever more seldom when they turn out not to be free', () => {
    const machine = new Machine(2, 2);
    for (let round = 0; round < 200; round++) {
      // The other process rests exactly while this one looks, and works when it computes with both threads.
      machine.foreign = machine.governor.threads === 2 ? 1 : 0;
      machine.compute(100);
    }
    const raised = machine.changes.filter((threads) => threads === 2).length;
    assert.ok(raised >= 2 && raised <= 8, `${raised} times in 20 s`);
  });

  test('never goes below one thread', () => {
    const machine = new Machine(2, 2);
    machine.foreign = 1.9;
    machine.compute(5000);
    assert.deepEqual(machine.changes, [1]);
  });

  test('starts with all threads after a rest in which cores were idle', () => {
    const machine = new Machine(2, 2);
    machine.foreign = 1;
    machine.compute(1000);
    machine.foreign = 0;
    machine.rest(60_000);
    machine.compute(10);
    assert.equal(machine.governor.threads, 2);
  });
});
