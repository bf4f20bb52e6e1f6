/** Finds rules that have the right form and cannot be meant. */
import { nearestName } from '../config/nearest-name.js';
import type { FaultRuleSettings } from './fault-settings.js';
import { entryOf, FAULT_PARAMETERS } from './fault-table.js';

/** A model as far as a rule can name it. */
export interface NamedModel {
  readonly id: string;
  readonly aliases: readonly string[];
}

/** One sentence for each problem, without a full stop; empty when the rule can be used. `call` says how messages name a setting. */
export function findRuleProblems(
  rule: FaultRuleSettings,
  models: readonly NamedModel[],
  call: (setting: string) => string,
): string[] {
  return [
    ...findMissing(rule, call),
    ...findForeign(rule, call),
    ...findContradictions(rule, call),
    ...findUnknownModel(rule, models, call),
  ];
}

function findMissing(rule: FaultRuleSettings, call: (setting: string) => string): string[] {
  const { needs = [] } = entryOf(rule.fault);
  return needs.filter((name) => rule[name] === undefined).map((name) => `\`${rule.fault}\` needs \`${call(name)}\``);
}

function findForeign(rule: FaultRuleSettings, call: (setting: string) => string): string[] {
  const { needs = [], takes = [] } = entryOf(rule.fault);
  const own: readonly string[] = [...needs, ...takes];
  const foreign = FAULT_PARAMETERS.filter((name) => rule[name] !== undefined && !own.includes(name));
  const list = [...own, 'delay_s'].filter((name, index, all) => all.indexOf(name) === index);
  return foreign.map(
    (name) => `\`${call(name)}\` is nothing that \`${rule.fault}\` has: leave it out (it has ${list.join(', ')})`,
  );
}

function findContradictions(rule: FaultRuleSettings, call: (setting: string) => string): string[] {
  const { fault, stream, path, from_s = 0, to_s, repeat_s } = rule;
  const { isOfText } = entryOf(fault);
  const form = formOf(rule);
  const problems: string[] = [];
  if (form !== undefined && stream !== undefined && (form === 'stream') !== stream) {
    problems.push(`\`${call('stream')}\` is ${stream}, and only ${FORMS[form]} can have \`${describe(rule)}\``);
  }
  if (path === '/embeddings' && (isOfText || form === 'stream')) {
    problems.push(`\`${call('path')}\` is ${path}, whose answers cannot have \`${describe(rule)}\``);
  }
  if (to_s !== undefined && to_s <= from_s) problems.push(`\`${call('to_s')}\` is not after \`${call('from_s')}\``);
  if (repeat_s !== undefined && repeat_s < (to_s ?? from_s)) {
    problems.push(`\`${call('repeat_s')}\` ends before \`${call(to_s === undefined ? 'from_s' : 'to_s')}\``);
  }
  return problems;
}

const FORMS = { stream: 'streams', buffered: 'answers that are no streams' } as const;

/** The only form of answers that a rule can be about; undefined when it can be both. */
export function formOf({ fault, how }: Pick<FaultRuleSettings, 'fault' | 'how'>) {
  return how === 'end' ? 'stream' : entryOf(fault).form;
}

function describe({ fault, how }: FaultRuleSettings): string {
  return how === 'end' ? `${fault}, how: end` : fault;
}

function findUnknownModel(
  { model }: FaultRuleSettings,
  models: readonly NamedModel[],
  call: (setting: string) => string,
): string[] {
  if (model === undefined || models.some(({ id }) => id === model)) return [];
  const sentence = `\`${call('model')}\` is \`${model}\`, which is`;
  const named = models.find(({ aliases }) => aliases.includes(model));
  if (named !== undefined) return [`${sentence} an alias: name \`${named.id}\``];
  const ids = models.map(({ id }) => id);
  const meant = nearestName(model, ids);
  const advice = meant === undefined ? ` (${ids.join(', ')})` : `; did you mean \`${meant}\`?`;
  return [`${sentence} the id of no model${advice}`];
}
