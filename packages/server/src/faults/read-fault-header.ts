/** A fault that a request asks for itself: `x-plumb-fault: cut; after=3; how=close`. */
import { invalidRequest } from '@plumb/wire';
import { Check } from 'typebox/schema';
import { nearestName } from '../config/nearest-name.js';
import { describeAllowed, type SchemaNode } from '../config/schema-node.js';
import { findRuleProblems } from './check-rule.js';
import { type FaultForm, faultFields } from './fault-settings.js';

/** Asks for a fault in a request, and names the rule in an answer. */
export const FAULT_HEADER = 'x-plumb-fault';

/** What an answer is marked with whose request asked for its fault. */
export const HEADER_RULE = 'header';

const FIELDS: Readonly<Record<string, SchemaNode>> = faultFields;

/** Throws 400 for the first thing that is wrong with the value of the header. */
export function readFaultHeader(value: string): FaultForm {
  const [fault = '', ...parameters] = value.split(';').map((part) => part.trim());
  const fields: Record<string, unknown> = { fault: readField('fault', fault) };
  for (const parameter of parameters.filter((part) => part !== '')) {
    const [name = '', ...text] = parameter.split('=');
    fields[name.trim()] = readField(name.trim(), text.join('=').trim());
  }
  // Every field was held against its schema.
  const form = fields as FaultForm;
  const [problem] = findRuleProblems(form, [], (name) => name);
  if (problem !== undefined) throw refuse(`${problem}.`);
  return form;
}

function readField(name: string, text: string): unknown {
  const schema = FIELDS[name];
  if (schema === undefined) {
    const meant = nearestName(name, Object.keys(FIELDS));
    throw refuse(`it has no ${shown(name)}${meant === undefined ? '' : `; did you mean \`${meant}\`?`}`);
  }
  const value = /^(?:-?\d+(?:\.\d+)?|true|false)$/.test(text) ? JSON.parse(text) : text;
  if (Check(schema, value)) return value;
  const meant = nearestName(text, (schema.enum ?? []).map(String));
  const question = meant === undefined ? '' : `; did you mean \`${meant}\`?`;
  throw refuse(`\`${name}\` must be ${describeAllowed(schema)}, not ${shown(text)}${question}`);
}

function shown(text: string): string {
  return `"${text.slice(0, 40)}"`;
}

function refuse(what: string) {
  return invalidRequest(`The header ${FAULT_HEADER} cannot be read: ${what}`);
}
