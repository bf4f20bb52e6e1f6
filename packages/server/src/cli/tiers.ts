/** `plumb tiers`: shows the sets of limits that accounts can have; the configuration says which there are. */

import { Command } from 'commander';
import { describeTier, type TierAnswer } from '../admin/shapes/tier.js';
import { type Clock, systemClock } from '../observe/clock.js';
import { type AdministrationFlags, withAdministration, withCommonFlags } from './administration.js';
import { withExample } from './help.js';
import { printJson, printTable } from './print.js';

export function tiersCommand(clock: Clock = systemClock): Command {
  const tiers = new Command('tiers').description('Show the tiers that accounts can have.');
  const list = tiers.command('list').description('List the tiers of the configuration with their limits.');
  withCommonFlags(list, 'plumb tiers list').action((flags: AdministrationFlags) => listTiers(flags, clock));
  return withExample(tiers, 'plumb tiers list');
}

async function listTiers(flags: AdministrationFlags, clock: Clock): Promise<void> {
  await withAdministration(flags, { clock, mustExist: false }, async ({ administration: { tiers } }) => {
    const answers = tiers.list().map((tier) => describeTier(tier, tiers.defaultName));
    if (flags.json) printJson({ data: answers, next: null });
    else printTable(['TIER', 'MODEL', 'REQUESTS/MIN', 'TOKENS/MIN', 'CONCURRENT'], answers.flatMap(toRows));
  });
}

/** One row for the tier, and one for each model with limits of its own. */
function toRows({ name, default: isDefault, limits, models }: TierAnswer): string[][] {
  return [
    [isDefault ? `${name} (default)` : name, 'all', ...toCells(limits)],
    ...Object.entries(models).map(([model, own]) => [name, model, ...toCells(own)]),
  ];
}

function toCells({ requests_per_minute, tokens_per_minute, concurrent_requests }: TierAnswer['limits']): string[] {
  return [requests_per_minute, tokens_per_minute, concurrent_requests].map((limit) => limit?.toString() ?? 'unlimited');
}
