/** Whether a request meets a fault, on a server that injects none. */
import { readFacts } from '#server/faults/meet-fault.js';
import { makeBodies } from '../bodies.js';
import { describeWork } from './describe.js';
import type { OpenSteps } from './index.js';

export const openFaults: OpenSteps = (scene) => {
  const { platform, context, headers } = scene;
  const work = describeWork(scene, makeBodies()[0]!.bytes);
  return [{ name: 'no rules', run: () => platform.faults.draw(headers, () => readFacts(context, work)) }];
};
