/** Another Plumb: it speaks the contract and says whether it is ready. */
import { deepseek } from './deepseek.js';
import type { UpstreamKind } from './kind.js';

export const plumb: UpstreamKind = { ...deepseek, name: 'plumb', healthPath: '/readyz' };
