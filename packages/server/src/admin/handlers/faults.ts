/** `/admin/v1/faults`: what is injected on purpose. */
import { conflict, invalidRequest, notFound } from '@plumb/wire';
import { findRuleProblems } from '../../faults/check-rule.js';
import { FAULT_RULES_MAX } from '../../faults/fault-settings.js';
import { HEADER_RULE } from '../../faults/read-fault-header.js';
import { type AdminHandler, answer, answerList, readBody } from '../handler.js';
import { describeFault, FaultCreation } from '../shapes/fault.js';

export const listFaults: AdminHandler = async (context) => {
  answerList(context, { items: [...(await context.operations.faults())], next: null }, describeFault);
};

/** What is added lasts until the server stops. */
export const addFault: AdminHandler = async (context) => {
  const { operations, models, administration, actor } = context;
  const { name, ...settings } = await readBody(context, FaultCreation);
  const [problem] = findRuleProblems(settings, models, (setting) => setting);
  if (problem !== undefined) throw invalidRequest(`${problem}.`);
  if (name === HEADER_RULE) throw invalidRequest(`\`${name}\` is what requests ask for themselves: use another name.`);
  const rule = await operations.addFault(name, settings);
  if (rule === undefined) {
    throw conflict(`There is a rule ${name} already, or there are ${FAULT_RULES_MAX} rules: remove one.`);
  }
  await administration.recordChange({ action: 'fault.add', subject: name, details: settings }, actor);
  answer(context, describeFault(rule), 201);
};

export const removeFault: AdminHandler = async (context) => {
  const { id, operations, administration, actor } = context;
  const rule = await operations.removeFault(id);
  if (rule === undefined) throw notFound(`There is no rule ${id.slice(0, 64)}: GET /admin/v1/faults lists all.`);
  await administration.recordChange({ action: 'fault.remove', subject: rule.name, details: rule.settings }, actor);
  answer(context, describeFault(rule));
};

/** Answers with what was removed. */
export const clearFaults: AdminHandler = async (context) => {
  const { operations, administration, actor } = context;
  const removed = await operations.clearFaults();
  const names = removed.map(({ name }) => name);
  await administration.recordChange({ action: 'fault.clear', subject: 'faults', details: { rules: names } }, actor);
  answerList(context, { items: [...removed], next: null }, describeFault);
};
