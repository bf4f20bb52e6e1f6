/**
 * Writing a charge down; making holds and charges durable in groups, straight in the store; and both through the ledger, as
 * requests do.
 */
import type { LedgerOperation, SettleOperation } from '#server/ledger/ledger-store.js';
import { packSettlement } from '#server/ledger/pack-settlement.js';
import { createRequestId } from '#server/ledger/request-id.js';
import type { UsageRecord } from '#server/ledger/usage.js';
import type { Step } from '../measure.js';
import type { Scene } from '../scene.js';
import type { OpenSteps } from './index.js';

const SERVER_ID = 'bench';
const GROUPS = [1, 8, 32, 128];
const WIDTHS = [1, 32];

export const openLedger: OpenSteps = async (scene) => {
  const now = scene.platform.clock.now();
  await scene.access.ledger.keepAlive({ id: SERVER_ID, host: 'bench', processId: process.pid }, now + 3_600_000);
  const ids = countIds();
  return [
    writeStep(scene, ids),
    ...GROUPS.map((length) => commitStep(scene, length, ids)),
    ...WIDTHS.map((width) => payStep(scene, width, ids)),
  ];
};

/** A line of a journal, which is thrown away at once. */
function writeStep({ access, caller, platform }: Scene, nextId: () => string): Step {
  const journal = access.journals?.open(SERVER_ID, (error) => platform.log.error({ err: error }, 'not written'));
  const run = () => {
    const settlement = describeSettlement(createRecord(caller.account.id, caller.key.id, nextId()));
    journal?.write(packSettlement(settlement)).forget();
  };
  return { name: 'write a charge down', run };
}

/** As many holds in one transaction, then their charges in another. */
function commitStep({ access, caller }: Scene, length: number, nextId: () => string): Step {
  const run = async () => {
    const records = Array.from({ length }, () => createRecord(caller.account.id, caller.key.id, nextId()));
    await access.ledger.apply(records.map(describeHold), SERVER_ID);
    await access.ledger.apply(records.map(describeSettlement), SERVER_ID);
  };
  return { name: `an operation of a commit of ${length}`, operations: 2 * length, run };
}

/** The money of a request, as many requests at a time. */
function payStep({ platform, caller }: Scene, width: number, nextId: () => string): Step {
  const pay = async () => {
    const record = createRecord(caller.account.id, caller.key.id, nextId());
    const hold = await platform.ledger.hold(record, 1_000_000n, false);
    await platform.ledger.settle(record, hold, record);
  };
  const run = () => Promise.all(Array.from({ length: width }, pay));
  return { name: `hold and settle of a request, ${width} at a time`, operations: width, run };
}

function describeHold({ requestId, accountId, at }: UsageRecord): LedgerOperation {
  return { kind: 'hold', requestId, accountId, amount: 1_000_000n, at, mayOverdraw: false };
}

function describeSettlement(usage: UsageRecord): SettleOperation {
  const { requestId, accountId, at } = usage;
  return { kind: 'settle', requestId, accountId, at, hold: { id: requestId }, usage };
}

function createRecord(accountId: string, keyId: string, requestId: string): UsageRecord {
  return {
    ...{ requestId, accountId, keyId, model: 'deepseek-chat', at: 1_790_000_000_000, durationMs: 120 },
    ...{ outcome: 'completed', stream: false, promptTokens: 100, cacheHitTokens: 40, completionTokens: 50 },
    ...{ reasoningTokens: 0, cost: 164_000n },
  };
}

/** Ids as requests get them, which are those of their time. */
function countIds(): () => string {
  return () => createRequestId(Date.now());
}
