/** The balance of one account while a transaction works on it: what was granted goes before what was topped up. */
import type { Insertable, Selectable } from 'kysely';
import type { Tables } from './schema.js';

/** The two parts of an amount. */
export interface Parts {
  readonly granted: bigint;
  readonly topped_up: bigint;
}

export class SpendableBalance {
  readonly #accountId: string;
  #granted: bigint;
  #toppedUp: bigint;
  #isChanged = false;

  constructor({ account_id, granted, topped_up }: Selectable<Tables['balances']>) {
    this.#accountId = account_id;
    this.#granted = BigInt(granted);
    this.#toppedUp = BigInt(topped_up);
  }

  get total(): bigint {
    return this.#granted + this.#toppedUp;
  }

  get isChanged(): boolean {
    return this.#isChanged;
  }

  get row(): Insertable<Tables['balances']> {
    return { account_id: this.#accountId, granted: this.#granted, topped_up: this.#toppedUp };
  }

  /** Takes an amount, and says from which parts; the second one falls below 0 when there is not enough. */
  take(amount: bigint): Parts {
    const granted = amount < this.#granted ? amount : this.#granted;
    const taken = { granted, topped_up: amount - granted };
    this.add({ granted: -taken.granted, topped_up: -taken.topped_up });
    return taken;
  }

  add({ granted, topped_up }: Parts): void {
    this.#granted += granted;
    this.#toppedUp += topped_up;
    this.#isChanged = true;
  }
}
