/** Which form of calls a chat template teaches. */
import type { CallForm } from './call-form.js';
import { GENERIC, HERMES, LLAMA, MISTRAL_LIST, NEMOTRON_LIST } from './forms/json-forms.js';
import { DEEPSEEK_V3, DEEPSEEK_V31, MISTRAL_NAMED } from './forms/named-forms.js';
import { dsml, functionTags, GLM, MINIMAX } from './forms/tagged-forms.js';

/** What a template contains, and the form that this shows. The first row that applies counts. */
const SIGNS: readonly (readonly [sign: string | RegExp, form: (template: string) => CallForm | undefined])[] = [
  ['｜DSML｜', (template) => dsml(template.includes('function_calls') ? 'function_calls' : 'tool_calls')],
  ['<｜tool▁calls▁begin｜>', (template) => (template.includes('```json') ? DEEPSEEK_V3 : DEEPSEEK_V31)],
  ['[TOOL_CALLS]', (template) => (template.includes('[ARGS]') ? MISTRAL_NAMED : MISTRAL_LIST)],
  ['<TOOLCALL>[', () => NEMOTRON_LIST],
  ['<minimax:tool_call>', () => MINIMAX],
  ['<seed:tool_call>', (template) => functionTags('seed:tool_call', hasLines(template))],
  ['<arg_key>', (template) => (template.includes('<tool_call>') ? GLM : undefined)],
  ['<function=', (template) => (template.includes('<tool_call>') ? ofFunctionTags(template) : undefined)],
  ['<tool_call>', (template) => (template.includes('arguments') ? HERMES : undefined)],
  [/"name\\?": [^\n]{0,120}"parameters\\?": /, () => LLAMA],
];

export function detectCallForm(template: string): CallForm {
  if (!/\btool(?:s|_calls|_call_id)\b/.test(template)) return GENERIC;
  const row = SIGNS.find(([sign]) => (typeof sign === 'string' ? template.includes(sign) : sign.test(template)));
  return row?.[1](template) ?? GENERIC;
}

/** Some write functions as tags and their arguments as JSON between them. */
function ofFunctionTags(template: string): CallForm | undefined {
  return template.includes('<parameter=') ? functionTags('tool_call', hasLines(template)) : undefined;
}

/** Whether values stand on lines of their own: a line feed is written before the tag that closes them. */
function hasLines(template: string): boolean {
  return /(?:\\n|\n)[ \t]*<\/parameter>/.test(template);
}
