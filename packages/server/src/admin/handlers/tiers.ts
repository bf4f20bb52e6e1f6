/** `/admin/v1/tiers`: the sets of limits that accounts can have; the configuration says which. */
import { type AdminHandler, answerList } from '../handler.js';
import { describeTier } from '../shapes/tier.js';

export const listTiers: AdminHandler = (context) => {
  const { tiers } = context.administration;
  answerList(context, { items: tiers.list(), next: null }, (tier) => describeTier(tier, tiers.defaultName));
};
