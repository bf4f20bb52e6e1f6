/** Rules for faults as the admin API reads and writes them. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';
import { FAULT_NAME_PATTERN, FaultRuleSettings, faultFields, selectionFields } from '../../faults/fault-settings.js';
import type { FaultState } from '../../faults/rule.js';
import { writeTime } from '../input/read-time.js';
import { IsoTime, listOf } from './common.js';

const RuleName = Type.String({
  pattern: FAULT_NAME_PATTERN,
  maxLength: 64,
  description: 'a name of letters, digits and . _ - that starts with a letter',
});

/** A new rule; what it does not have is not said. */
export const FaultCreation = Type.Object(
  { name: RuleName, ...faultFields, ...selectionFields },
  { title: 'FaultCreation' },
);
export type FaultCreation = Static<typeof FaultCreation>;

/** A rule, and what it has done. */
export const FaultAnswer = Type.Object(
  {
    name: Type.String(),
    origin: Type.Enum(['configuration', 'admin']),
    since: IsoTime,
    matched: Type.Integer({ description: 'Requests that it was about.' }),
    injected: Type.Integer({ description: 'Those of them that it hit.' }),
    rule: FaultRuleSettings,
  },
  { title: 'Fault' },
);
export type FaultAnswer = Static<typeof FaultAnswer>;

export const FaultList = listOf(FaultAnswer, 'FaultList');

export function describeFault({ name, origin, since, matched, injected, settings }: FaultState): FaultAnswer {
  return { name, origin, since: writeTime(since), matched, injected, rule: settings };
}
