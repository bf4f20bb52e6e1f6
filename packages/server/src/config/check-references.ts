/** Finds settings that name something which the rest of the configuration does not have. */
import { EMBEDDED_POOL, type ModelEntry, SIMULATED_POOL } from '../catalog/model-entry.js';
import { nearestName } from './nearest-name.js';
import type { Settings } from './settings.js';

/** One sentence for each name that means nothing; empty when all are known. */
export function findBrokenReferences(settings: Settings): string[] {
  const { default_tier } = settings;
  const tiers = Object.keys(settings.tiers);
  const problems = tiers.flatMap((tier) => findUnknownModels(settings, tier));
  problems.push(...settings.models.map((model) => explainPool(settings, model)));
  problems.push(...settings.models.map((model) => explainEmbeddings(settings, model)));
  problems.push(explain(default_tier, tiers, `\`default_tier\` is \`${default_tier}\`, which is the name of no tier`));
  return problems.filter((problem) => problem !== undefined);
}

function findUnknownModels({ tiers, models }: Settings, tier: string): (string | undefined)[] {
  const ids = models.map(({ id }) => id);
  return Object.keys(tiers[tier]?.models ?? {}).map((name) => {
    const sentence = `\`tiers.${tier}.models\` names \`${name}\`, which is`;
    const model = models.find(({ aliases }) => aliases.includes(name));
    if (model !== undefined) return `${sentence} an alias: name \`${model.id}\`, whose limits it shares`;
    return explain(name, ids, `${sentence} the id of no model`);
  });
}

function explainPool({ pools }: Settings, { id, pool }: ModelEntry): string | undefined {
  const sentence = `\`pool\` of the model \`${id}\` is \`${pool}\`, which is the name of no pool`;
  return explain(pool, [EMBEDDED_POOL, SIMULATED_POOL, ...Object.keys(pools)], sentence);
}

/** An embedding model of the embedded engine is one model file, and needs one. */
function explainEmbeddings({ embeddings, models }: Settings, { id, kind, pool }: ModelEntry): string | undefined {
  if (kind !== 'embeddings' || pool !== EMBEDDED_POOL) return undefined;
  if (embeddings.model === undefined) {
    return `the model \`${id}\` makes embeddings on the embedded engine: name its file in \`embeddings.model\``;
  }
  const first = models.find((model) => model.kind === kind && model.pool === pool);
  if (first?.id === id) return undefined;
  return `the models \`${first?.id}\` and \`${id}\` both make embeddings on the embedded engine: make one an alias`;
}

function explain(name: string, known: readonly string[], sentence: string): string | undefined {
  if (known.includes(name)) return undefined;
  const meant = nearestName(name, known);
  return meant === undefined ? `${sentence} (${known.join(', ')})` : `${sentence}; did you mean \`${meant}\`?`;
}
