/** Everything that is compared, in the order of the tables. */
import { bare } from './bare.js';
import { bifrost } from './bifrost.js';
import type { Contender } from './contender.js';
import { direct } from './direct.js';
import { gomodel } from './gomodel.js';
import { litellm } from './litellm.js';
import { nginx } from './nginx.js';
import { plumb, plumbFree } from './plumb.js';
import { portkey } from './portkey.js';

export const CONTENDERS: readonly Contender[] = [
  direct,
  nginx,
  bare,
  plumb,
  plumbFree,
  portkey,
  litellm,
  bifrost,
  gomodel,
];
