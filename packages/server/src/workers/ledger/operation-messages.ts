/** Operations of the ledger as they travel: lists, because every request sends some and their long names cost time. */
import type { ClaimOperation, LedgerOperation, SettleOperation } from '../../ledger/ledger-store.js';
import type { UsageRecord } from '../../ledger/usage.js';

type UsageMessage = readonly [
  ...ids: [requestId: string, accountId: string, keyId: string, model: string],
  ...about: [at: number, durationMs: number, outcome: UsageRecord['outcome'], stream: boolean],
  ...tokens: [prompt: number, cacheHit: number, completion: number, reasoning: number],
  cost: bigint,
];

type About = [requestId: string, accountId: string, at: number];

type OperationMessage =
  | readonly ['hold', ...About, amount: bigint, mayOverdraw: boolean]
  | readonly ['settle', ...About, isHeld: boolean, usage?: UsageMessage | undefined, keep?: SettleOperation['keep']]
  | readonly ['void', ...About]
  | readonly ['claim' | 'free', ...About, claim: ClaimOperation['claim']];

/** Operations that belong into one transaction, and whose they are. */
export type BatchMessage = readonly [serverId: string, operations: readonly OperationMessage[]];

export function encodeBatch(serverId: string, operations: readonly LedgerOperation[]): BatchMessage {
  return [serverId, operations.map(encodeOperation)];
}

/** Every operation says whose it is, so that it can share a transaction with those of others. */
export function decodeBatch([serverId, operations]: BatchMessage): LedgerOperation[] {
  return operations.map((operation) => decodeOperation(serverId, operation));
}

function encodeOperation(operation: LedgerOperation): OperationMessage {
  const { kind, requestId, accountId, at } = operation;
  if (kind === 'hold') return [kind, requestId, accountId, at, operation.amount, operation.mayOverdraw];
  if (kind === 'void') return [kind, requestId, accountId, at];
  if (kind !== 'settle') return [kind, requestId, accountId, at, operation.claim];
  const { isHeld, usage, keep } = operation;
  return [kind, requestId, accountId, at, isHeld, usage && encodeUsage(usage), keep];
}

function decodeOperation(serverId: string, message: OperationMessage): LedgerOperation {
  const [kind, requestId, accountId, at] = message;
  const about = { requestId, accountId, at, serverId };
  if (kind === 'hold') return { kind, ...about, amount: message[4], mayOverdraw: message[5] };
  if (kind === 'void') return { kind, ...about };
  if (kind !== 'settle') return { kind, ...about, claim: message[4] };
  const [, , , , isHeld, usage, keep] = message;
  return { kind, ...about, isHeld, ...(usage && { usage: decodeUsage(usage) }), ...(keep && { keep }) };
}

function encodeUsage(usage: UsageRecord): UsageMessage {
  return [
    ...([usage.requestId, usage.accountId, usage.keyId, usage.model] as const),
    ...([usage.at, usage.durationMs, usage.outcome, usage.stream] as const),
    ...([usage.promptTokens, usage.cacheHitTokens, usage.completionTokens, usage.reasoningTokens] as const),
    usage.cost,
  ];
}

function decodeUsage([
  requestId,
  accountId,
  keyId,
  model,
  at,
  durationMs,
  outcome,
  stream,
  ...counts
]: UsageMessage): UsageRecord {
  const [promptTokens, cacheHitTokens, completionTokens, reasoningTokens, cost] = counts;
  return {
    ...{ requestId, accountId, keyId, model, at, durationMs, outcome, stream },
    ...{ promptTokens, cacheHitTokens, completionTokens, reasoningTokens, cost },
  };
}
