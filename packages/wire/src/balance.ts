/** What `GET /user/balance` answers. */
import type { Static } from 'typebox';
import { Type } from './schema/type.js';

const amount = (description: string) => Type.String({ pattern: '^-?\\d+\\.\\d{2}$', description });

/** What an account can spend. */
export const UserBalance = Type.Object(
  {
    is_available: Type.Boolean({ description: 'Whether a request can be made.' }),
    balance_infos: Type.Array(
      Type.Object(
        {
          currency: Type.String({ pattern: '^[A-Z]{3}$' }),
          total_balance: amount('The sum of the two below.'),
          granted_balance: amount('What was granted; it is spent first.'),
          topped_up_balance: amount('What was paid for.'),
        },
        { title: 'BalanceInfo' },
      ),
    ),
  },
  { title: 'UserBalance' },
);
/** What an account can spend. */
export type UserBalance = Static<typeof UserBalance>;
