/** Finds settings that name something which the rest of the configuration does not have. */
import { nearestName } from './nearest-name.js';
import type { Settings } from './settings.js';

/** One sentence for each name that means nothing; empty when all are known. */
export function findBrokenReferences(settings: Settings): string[] {
  const tiers = Object.keys(settings.tiers);
  const models = settings.models.map(({ id }) => id);
  const problems = tiers.flatMap((tier) =>
    Object.keys(settings.tiers[tier]?.models ?? {}).map((model) =>
      explain(model, models, `\`tiers.${tier}.models\` names \`${model}\`, which is the id of no model`),
    ),
  );
  const { default_tier } = settings;
  problems.push(explain(default_tier, tiers, `\`default_tier\` is \`${default_tier}\`, which is the name of no tier`));
  return problems.filter((problem) => problem !== undefined);
}

function explain(name: string, known: readonly string[], sentence: string): string | undefined {
  if (known.includes(name)) return undefined;
  const meant = nearestName(name, known);
  return meant === undefined ? `${sentence} (${known.join(', ')})` : `${sentence}; did you mean \`${meant}\`?`;
}
