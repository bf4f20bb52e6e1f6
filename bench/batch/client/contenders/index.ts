/** All that take part, in the order of the tables. */
import { aiSdk } from './ai-sdk.js';
import { bottleneck } from './bottleneck.js';
import type { Contender } from './contender.js';
import { kitShared, kitTold, kitUntold } from './kit.js';
import { openai2, openai10 } from './openai-node.js';
import { pQueue } from './p-queue.js';
import { tokenBucket } from './token-bucket.js';

export const CONTENDERS: readonly Contender[] = [
  kitTold,
  kitUntold,
  kitShared,
  openai10,
  openai2,
  aiSdk,
  bottleneck,
  pQueue,
  tokenBucket,
];
