/** Tiers as the admin API writes them: as the configuration does, with their names. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';
import { LimitSettings, type Tier, writeLimits } from '../../accounts/tier.js';
import { listOf, nullable } from './common.js';

/** A tier; a limit that is not there does not limit. */
export const TierAnswer = Type.Object(
  {
    name: Type.String(),
    default: Type.Boolean({ description: 'Whether accounts have it for which none was chosen.' }),
    limits: LimitSettings,
    models: Type.Record(Type.String(), LimitSettings),
    queue: nullable(Type.Object({ max_wait_s: Type.Number(), max_length: Type.Integer() })),
  },
  { title: 'Tier' },
);
export type TierAnswer = Static<typeof TierAnswer>;

export const TierList = listOf(TierAnswer, 'TierList');

export function describeTier({ name, limits, models, queue }: Tier, defaultName: string): TierAnswer {
  return {
    name,
    default: name === defaultName,
    limits: writeLimits(limits),
    models: Object.fromEntries([...models].map(([model, own]) => [model, writeLimits(own)])),
    queue: queue === undefined ? null : { max_wait_s: queue.maxWaitMs / 1000, max_length: queue.maxLength },
  };
}
