/** The bookkeeping around one request with the disk left out: permit, hold, record and charge on a ledger that agrees at once. */
import { Meter } from '#server/inference/meter.js';
import { quoteRequest } from '#server/inference/quote.js';
import { Settlement } from '#server/inference/settlement.js';
import type { Ledger } from '#server/ledger/ledger.js';
import { makeBodies } from '../bodies.js';
import type { Scene } from '../scene.js';
import { USAGE } from '../usage.js';
import { describeWork } from './describe.js';
import type { OpenSteps } from './index.js';

export const openSettlement: OpenSteps = async (scene) => [
  { name: 'hold and settle, without the ledger', run: await prepareSettling(scene) },
];

async function prepareSettling(scene: Scene): Promise<() => Promise<void>> {
  const { platform, caller } = scene;
  const work = describeWork(scene, makeBodies()[0]!.bytes);
  const rates = platform.prices.ratesOf(work.model, platform.clock.now());
  const quote = await quoteRequest({ work, scopes: [], rates, typicalAnswerTokens: undefined });
  const permit = { admitted: true, headroom: {}, settle() {} } as const;
  const meter = new Meter(platform.clock.now());
  const ledger = { hold: () => ({}), settle() {} } as unknown as Ledger;
  const fixed = { platform: { ...platform, ledger }, caller, work, quote, permit, meter };
  return async () => {
    const settlement = new Settlement(fixed);
    await settlement.hold();
    await settlement.settle({ kind: 'completed' }, USAGE);
  };
}
