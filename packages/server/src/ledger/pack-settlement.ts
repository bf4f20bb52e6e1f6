/**
 * Settlements, of which there is one for every request, as flat lists: what is copied from thread to thread, or
 * from process to process, costs by the names and objects that it consists of.
 */
import type { LedgerOperation, SettleOperation } from './ledger-store.js';
import type { UsageRecord } from './usage.js';

type Value = string | number | bigint | boolean | undefined;

/** An operation as it is sent. */
export type PackedOperation = LedgerOperation | readonly Value[];

export function pack(operation: LedgerOperation): PackedOperation {
  if (operation.kind !== 'settle' || operation.keep !== undefined) return operation;
  const { requestId, accountId, at, hold, usage } = operation;
  const head = [requestId, accountId, at, hold?.id, hold?.amount];
  if (usage === undefined) return head;
  return [
    ...head,
    ...[usage.keyId, usage.model, usage.at, usage.durationMs, usage.outcome, usage.stream],
    ...[usage.promptTokens, usage.cacheHitTokens, usage.completionTokens, usage.reasoningTokens, usage.cost],
  ];
}

export function unpack(packed: PackedOperation): LedgerOperation {
  return isList(packed) ? readSettlement(packed) : packed;
}

/** The parts of a list in their order; those from the sixth on are there together or not at all. */
type Parts = [
  string,
  string,
  number,
  string | undefined,
  bigint | undefined,
  string,
  string,
  number,
  number,
  UsageRecord['outcome'],
  boolean,
  number,
  number,
  number,
  number,
  bigint,
];

const HEAD_LENGTH = 5;

/** Where in a list amounts are, for forms that have no numbers as large. */
export const AMOUNT_PLACES = [4, 15] as const;

function readSettlement(list: readonly Value[]): SettleOperation {
  const parts = list as unknown as Parts;
  const [requestId, accountId, at, holdId, amount] = parts;
  const released = amount === undefined ? {} : { amount };
  return {
    kind: 'settle',
    ...{ requestId, accountId, at },
    hold: holdId === undefined ? undefined : { id: holdId, ...released },
    usage: list.length === HEAD_LENGTH ? undefined : readUsage(parts),
  };
}

function readUsage(parts: Parts): UsageRecord {
  const [requestId, accountId, , , , keyId, model, at, durationMs, outcome, stream, ...tokensAndCost] = parts;
  const [promptTokens, cacheHitTokens, completionTokens, reasoningTokens, cost] = tokensAndCost;
  return {
    ...{ requestId, accountId, keyId, model, at, durationMs, outcome, stream },
    ...{ promptTokens, cacheHitTokens, completionTokens, reasoningTokens, cost },
  };
}

function isList(packed: PackedOperation): packed is readonly Value[] {
  return Array.isArray(packed);
}
