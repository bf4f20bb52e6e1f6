/** The parts of the platform that follow from the configuration alone: a reload makes them anew, all at once. */
import { Tiers } from '../accounts/tier.js';
import { createAdministration } from '../admin/create-administration.js';
import { Catalog, describeModel, type ModelEntry, type ModelFacts } from '../catalog/catalog.js';
import type { Config } from '../config/settings.js';
import type { Engines } from '../engines/engines.js';
import { PriceList } from '../ledger/price-list.js';
import type { ConfiguredParts } from '../platform.js';
import type { Access } from '../store/open-access.js';

export function configure(config: Config, access: Access, engines: Engines): ConfiguredParts {
  const catalog = new Catalog(config.models, { strict: config.strict_models });
  const facts = (entry: ModelEntry) => findFacts(engines, entry);
  return {
    config,
    catalog,
    tiers: new Tiers(config.tiers, config.default_tier),
    prices: new PriceList(config.models, config.billing.peak),
    administration: createAdministration(config, access),
    modelList: () => catalog.list(facts),
    describeModel: (entry) => describeModel(entry, facts(entry)),
  };
}

function findFacts(engines: Engines, entry: ModelEntry): ModelFacts {
  const description = engines.describe(entry);
  if (description === undefined) return {};
  const { contextTokens, modelName } = description;
  return contextTokens === undefined ? { modelName } : { contextTokens, maxOutputTokens: contextTokens, modelName };
}
