/** Puts administration together for a configuration and an open store: the same for a server and a command. */
import type { AdministrationStores } from '../accounts/administration-stores.js';
import type { KeyHasher } from '../accounts/api-key.js';
import { Tiers } from '../accounts/tier.js';
import { Catalog } from '../catalog/catalog.js';
import type { Config } from '../config/settings.js';
import type { Clock } from '../observe/clock.js';
import { Administration } from './administration.js';

/** What a store gives administration. */
export interface AdministrationAccess {
  readonly administration: AdministrationStores;
  readonly hasher: KeyHasher;
  readonly clock: Clock;
}

export function createAdministration(config: Config, access: AdministrationAccess): Administration {
  return new Administration({
    stores: access.administration,
    hasher: access.hasher,
    clock: access.clock,
    tiers: new Tiers(config.tiers, config.default_tier),
    catalog: new Catalog(config.models, { strict: config.strict_models }),
    currency: config.billing.currency,
  });
}
