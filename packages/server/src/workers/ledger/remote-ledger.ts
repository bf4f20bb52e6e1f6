/** The ledger of a worker: the primary writes for all workers, so that one file has one writer; what is read is read here. */
import type {
  Balance,
  LedgerOperation,
  LedgerStore,
  OperationResult,
  ServerIdentity,
} from '../../ledger/ledger-store.js';
import type { Channel } from '../channel.js';
import { encodeBatch } from './batch-messages.js';

export class RemoteLedger implements LedgerStore {
  readonly #channel: Pick<Channel, 'ask'>;
  readonly #own: LedgerStore;

  /** @param own The same database, as this process has it open. */
  constructor(channel: Pick<Channel, 'ask'>, own: LedgerStore) {
    this.#channel = channel;
    this.#own = own;
  }

  apply(operations: readonly LedgerOperation[], serverId: string): Promise<readonly OperationResult[]> {
    return this.#channel.ask('apply', encodeBatch(serverId, operations));
  }

  balance(accountId: string): Promise<Balance> {
    return this.#own.balance(accountId);
  }

  keepAlive(server: ServerIdentity, leaseUntil: number): Promise<void> {
    return this.#own.keepAlive(server, leaseUntil);
  }

  releaseOrphans(now: number, isGone: (server: ServerIdentity) => boolean): Promise<number> {
    return this.#own.releaseOrphans(now, isGone);
  }

  removeServer(serverId: string): Promise<void> {
    return this.#own.removeServer(serverId);
  }
}
