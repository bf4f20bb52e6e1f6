/** What a reload of the configuration did, as the admin API writes it. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';

export const ReloadAnswer = Type.Object(
  {
    changed: Type.Array(Type.String(), { description: 'Sections that are in force as they are now.' }),
    needs_restart: Type.Array(Type.String(), { description: 'Sections that differ and wait for a restart.' }),
  },
  { title: 'Reload' },
);
export type ReloadAnswer = Static<typeof ReloadAnswer>;
