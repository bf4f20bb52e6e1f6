/** Reports on what was used: sums, and the records themselves. */

import { nearestName } from '../../config/nearest-name.js';
import {
  USAGE_GROUPS,
  type UsageFilter,
  type UsageGroup,
  type UsageRecord,
  type UsageSum,
} from '../../ledger/usage.js';
import type { AdministrationParts } from '../administration.js';
import { invalid } from '../input/read-fields.js';
import { readTime } from '../input/read-time.js';
import type { UsageFilterQuery } from '../shapes/usage.js';
import type { AccountManager } from './accounts.js';
import type { KeyManager } from './keys.js';

/** The most sums of one report; they are in memory together. */
export const SUMS_MAX = 100_000;

export class UsageReports {
  readonly #parts: AdministrationParts;
  readonly #accounts: AccountManager;
  readonly #keys: KeyManager;

  constructor(parts: AdministrationParts, accounts: AccountManager, keys: KeyManager) {
    this.#parts = parts;
    this.#accounts = accounts;
    this.#keys = keys;
  }

  /** Sums over the chosen records by `groups`, and in the order of them. `invalid` when there would be too many. */
  async sums(query: UsageFilterQuery, groups: readonly UsageGroup[]): Promise<UsageSum[]> {
    const filter = await this.#readFilter(query);
    const sums = await this.#parts.stores.usage.sumUsage(filter, groups, SUMS_MAX + 1);
    if (sums.length <= SUMS_MAX) return sums;
    throw invalid(`There are more than ${SUMS_MAX} sums: narrow \`from\` and \`to\`, or group by less.`);
  }

  /** The chosen records, oldest first; read as they are taken. */
  async records(query: UsageFilterQuery): Promise<AsyncIterable<UsageRecord>> {
    return this.#parts.stores.usage.readUsage(await this.#readFilter(query));
  }

  async #readFilter({ from, to, account, key, model }: UsageFilterQuery): Promise<UsageFilter> {
    const filter = {
      from: from === undefined ? undefined : readTime(from, 'from'),
      to: to === undefined ? undefined : readTime(to, 'to'),
      model,
    };
    if (filter.from !== undefined && filter.to !== undefined && filter.from >= filter.to) {
      throw invalid('`from` must be before `to`.');
    }
    const accountId = account === undefined ? undefined : (await this.#accounts.find(account)).account.id;
    const keyId = key === undefined ? undefined : (await this.#keys.find(key)).key.id;
    return { ...filter, accountId, keyId };
  }
}

/** The groups of a list such as `account,day`; none for nothing. Throws an AdministrationError `invalid`. */
export function readGroups(list: string | undefined): UsageGroup[] {
  if (list === undefined) return [];
  const groups = list.split(',').map((name) => readGroup(name.trim()));
  return [...new Set(groups)];
}

function readGroup(name: string): UsageGroup {
  const group = USAGE_GROUPS.find((known) => known === name);
  if (group !== undefined) return group;
  const meant = nearestName(name, USAGE_GROUPS);
  const advice = meant === undefined ? `there are ${USAGE_GROUPS.join(', ')}.` : `did you mean \`${meant}\`?`;
  throw invalid(`Usage cannot be grouped by "${name}"; ${advice}`);
}
