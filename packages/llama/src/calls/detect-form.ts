/** Which form of calls a chat template teaches. */
import type { CallForm } from './call-form.js';
import { GENERIC, HERMES, LLAMA, MISTRAL_LIST, NEMOTRON_LIST } from './forms/json-forms.js';
import { DEEPSEEK_V3, DEEPSEEK_V31, MISTRAL_NAMED } from './forms/named-forms.js';
import { dsml, functionTags, GLM, MINIMAX } from './forms/tagged-forms.js';

/** What shows a form in the source of a template. The first one that applies counts. */
interface Sign {
  readonly sign: string | RegExp;
  readonly form: (template: string) => CallForm | undefined;
  /** Whether other forms have it as well, so that a call has to be seen in the form. */
  readonly isShared?: boolean;
}

const SIGNS: readonly Sign[] = [
  { sign: '｜DSML｜', form: (template) => dsml(template.includes('function_calls') ? 'function_calls' : 'tool_calls') },
  {
    sign: '<｜tool▁calls▁begin｜>',
    form: (template) => (template.includes('```json') ? DEEPSEEK_V3 : DEEPSEEK_V31),
  },
  { sign: '[TOOL_CALLS]', form: (template) => (template.includes('[ARGS]') ? MISTRAL_NAMED : MISTRAL_LIST) },
  { sign: '<TOOLCALL>[', form: () => NEMOTRON_LIST },
  { sign: '<minimax:tool_call>', form: () => MINIMAX },
  { sign: '<seed:tool_call>', form: (template) => functionTags('seed:tool_call', hasLines(template)) },
  { sign: '<arg_key>', form: (template) => (template.includes('<tool_call>') ? GLM : undefined), isShared: true },
  { sign: '<function=', form: ofFunctionTags, isShared: true },
  {
    sign: '<tool_call>',
    form: (template) => (template.includes('arguments') ? HERMES : undefined),
    isShared: true,
  },
  { sign: /"name\\?": [^\n]{0,120}"parameters\\?": /, form: () => LLAMA, isShared: true },
];

/** @param isSeen Whether the template writes calls of a form like that. */
export function detectCallForm(template: string, isSeen: (form: CallForm) => boolean): CallForm {
  if (!/\btool(?:s|_calls|_call_id)\b/.test(template)) return GENERIC;
  const found = SIGNS.find(({ sign }) => (typeof sign === 'string' ? template.includes(sign) : sign.test(template)));
  const form = found?.form(template);
  if (form === undefined) return GENERIC;
  return found?.isShared === true && !isSeen(form) ? GENERIC : form;
}

/** Some write functions as tags and their arguments as JSON between them. */
function ofFunctionTags(template: string): CallForm | undefined {
  return template.includes('<tool_call>') && template.includes('<parameter=')
    ? functionTags('tool_call', hasLines(template))
    : undefined;
}

/** Whether values stand on lines of their own: a line feed is written before the tag that closes them. */
function hasLines(template: string): boolean {
  return /(?:\\n|\n)[ \t]*<\/parameter>/.test(template);
}
