/** Batches of operations of the ledger as they travel to the primary. */
import type { LedgerOperation } from '../../ledger/ledger-store.js';
import { type PackedOperation, pack, unpack } from '../../ledger/pack-settlement.js';

/** Operations that belong into one transaction, and whose they are. */
export type BatchMessage = readonly [serverId: string, operations: readonly PackedOperation[]];

export function encodeBatch(serverId: string, operations: readonly LedgerOperation[]): BatchMessage {
  return [serverId, operations.map(pack)];
}

/** Every operation that makes or takes something says for whom, so that it can share a transaction with those of others. */
export function decodeBatch([serverId, operations]: BatchMessage): LedgerOperation[] {
  return operations.map((packed) => {
    const operation = unpack(packed);
    // A settlement in a list keeps no answer: nothing of it is anybody's.
    return operation === packed ? { ...operation, serverId } : operation;
  });
}
