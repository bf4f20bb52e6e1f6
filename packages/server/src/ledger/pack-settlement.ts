/**
 * Settlements, of which there is one for every request, as one text each: that is what a journal has in its lines, and what
 * is copied from thread to thread or from process to process costs by the objects and names that it consists of.
 */
import type { LedgerOperation, SettleOperation } from './ledger-store.js';
import type { UsageRecord } from './usage.js';

/** An operation as it is sent. */
export type PackedOperation = LedgerOperation | string;

/** Everything but what keeps an answer is sent as it is. */
export function pack(operation: LedgerOperation): PackedOperation {
  if (operation.kind !== 'settle' || operation.keep !== undefined) return operation;
  return operation.packed ?? packSettlement(operation);
}

export function unpack(packed: PackedOperation): LedgerOperation {
  return typeof packed === 'string' ? unpackSettlement(packed) : packed;
}

/** A list in JSON: what is always there, and what was used, all of it or nothing. Amounts are texts: numbers lose digits. */
export function packSettlement({ requestId, accountId, at, hold, usage }: SettleOperation): string {
  const holdId = hold?.id ?? null;
  const amount = hold?.amount === undefined ? null : String(hold.amount);
  if (usage === undefined) return JSON.stringify([requestId, accountId, at, holdId, amount]);
  return JSON.stringify([
    requestId,
    accountId,
    at,
    holdId,
    amount,
    usage.keyId,
    usage.model,
    usage.at,
    usage.durationMs,
    usage.outcome,
    usage.stream,
    usage.promptTokens,
    usage.cacheHitTokens,
    usage.completionTokens,
    usage.reasoningTokens,
    String(usage.cost),
  ]);
}

/** The parts of a list in their order; those from the sixth on are there together or not at all. */
type Parts = [
  requestId: string,
  accountId: string,
  at: number,
  holdId: string | null,
  amount: string | null,
  keyId: string,
  model: string,
  admittedAt: number,
  durationMs: number,
  outcome: UsageRecord['outcome'],
  stream: boolean,
  promptTokens: number,
  cacheHitTokens: number,
  completionTokens: number,
  reasoningTokens: number,
  cost: string,
];

const HEAD_LENGTH = 5;

/** @throws SyntaxError, or TypeError, for what `packSettlement` has not written. */
export function unpackSettlement(packed: string): SettleOperation {
  const parts = JSON.parse(packed) as Parts;
  const [requestId, accountId, at, holdId, amount] = parts;
  const released = amount === null ? {} : { amount: BigInt(amount) };
  return {
    kind: 'settle',
    ...{ requestId, accountId, at },
    hold: holdId === null ? undefined : { id: holdId, ...released },
    usage: (parts as unknown[]).length === HEAD_LENGTH ? undefined : readUsage(parts),
    packed,
  };
}

function readUsage(parts: Parts): UsageRecord {
  const [requestId, accountId, , , , keyId, model, at, durationMs, outcome, stream, ...tokensAndCost] = parts;
  const [promptTokens, cacheHitTokens, completionTokens, reasoningTokens, cost] = tokensAndCost;
  return {
    ...{ requestId, accountId, keyId, model, at, durationMs, outcome, stream },
    ...{ promptTokens, cacheHitTokens, completionTokens, reasoningTokens, cost: BigInt(cost) },
  };
}
