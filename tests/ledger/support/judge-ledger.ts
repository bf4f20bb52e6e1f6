/** Plays a trace on the store and on an oracle that is slow and obviously right, and compares them at each step. */
import assert from 'node:assert/strict';
import type { LedgerOperation } from '#server/ledger/ledger-store.js';
import { addAccount, type Books, hold, settle } from './books.js';
import type { LedgerTrace, Step } from './ledger-traces.js';

/** `name` tells the accounts and requests of this run from those of others. */
export async function judgeLedger(books: Books, trace: LedgerTrace, name: string): Promise<void> {
  await addAccount(books, name, trace.granted, trace.toppedUp);
  const oracle = new Oracle(trace);
  for (const steps of trace.transactions) {
    const playable = inOrder(steps).filter((step) => oracle.allows(step, steps));
    if (playable.length === 0) continue;
    const results = await books.store.apply(
      playable.map((step) => toOperation(step, name)),
      'server',
    );
    assert.deepEqual(
      results,
      playable.map((step) => oracle.apply(step)),
    );
    assert.deepEqual(await books.store.balance(name), oracle.balance);
  }
}

/** Refunds come after everything else of their transaction: that is when the ledger makes them. */
function inOrder(steps: readonly Step[]): Step[] {
  return [...steps.filter(({ kind }) => kind !== 'void'), ...steps.filter(({ kind }) => kind === 'void')];
}

function toOperation({ request, kind, amount, mayOverdraw }: Step, name: string): LedgerOperation {
  const requestId = `${name} request ${request}`;
  if (kind === 'hold') return hold(requestId, name, amount, mayOverdraw);
  if (kind === 'settle') return settle(requestId, name, amount);
  if (kind === 'release') return settle(requestId, name);
  return { kind: 'void', requestId, accountId: name, at: 4 };
}

class Oracle {
  #granted: bigint;
  #toppedUp: bigint;
  /** Of each request: the parts that are held, and those that were charged. */
  readonly #held = new Map<number, readonly [bigint, bigint]>();
  readonly #charged = new Map<number, readonly [bigint, bigint]>();
  readonly #wasHeld = new Set<number>();

  constructor({ granted, toppedUp }: LedgerTrace) {
    this.#granted = granted;
    this.#toppedUp = toppedUp;
  }

  get balance() {
    return { granted: this.#granted, toppedUp: this.#toppedUp };
  }

  /** A server makes one hold for a request, and not once it has settled. */
  allows({ request, kind }: Step, steps: readonly Step[]): boolean {
    if (kind !== 'hold') return true;
    const isFirst = steps
      .filter((step) => step.request === request)
      .every((step, index) => index === 0 || step.kind !== 'hold');
    return isFirst && !this.#wasHeld.has(request) && !this.#charged.has(request);
  }

  apply({ request, kind, amount, mayOverdraw }: Step) {
    if (kind === 'hold') {
      this.#wasHeld.add(request);
      if (!mayOverdraw && this.#granted + this.#toppedUp < amount) return 'insufficient_balance';
      this.#held.set(request, this.#take(amount));
    } else if (kind === 'void') {
      const [granted, toppedUp] = this.#charged.get(request) ?? [0n, 0n];
      this.#put(granted, toppedUp);
      if (this.#charged.has(request)) this.#charged.set(request, [0n, 0n]);
    } else {
      this.#put(...(this.#held.get(request) ?? ([0n, 0n] as const)));
      this.#held.delete(request);
      if (kind === 'settle' && !this.#charged.has(request)) this.#charged.set(request, this.#take(amount));
    }
    return 'done';
  }

  #take(amount: bigint): readonly [bigint, bigint] {
    const granted = amount < this.#granted ? amount : this.#granted;
    this.#put(-granted, granted - amount);
    return [granted, amount - granted];
  }

  #put(granted: bigint, toppedUp: bigint): void {
    this.#granted += granted;
    this.#toppedUp += toppedUp;
  }
}
