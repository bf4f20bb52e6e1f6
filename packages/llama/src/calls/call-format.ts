/** The forms in which models write calls of tools, and which one a chat template teaches. */

/** How calls are written: `opening`, an object with the name and the arguments, `closing`. */
export interface CallFormat {
  /** What begins a call. Where it is the beginning of the object itself, the object goes on behind it. */
  readonly opening: string;
  /** Where the object of a call begins in `opening`; its length when it begins after it. */
  readonly objectAt: number;
  /** What ends a call after its object; empty when nothing does. */
  readonly closing: string;
  /** The key of the arguments. */
  readonly argumentsKey: 'arguments' | 'parameters';
  /** Whether an answer can have several calls, and words before them. */
  readonly isMarked: boolean;
  /** Whether the chat template of the model knows tools. */
  readonly isNative: boolean;
}

const MARKED = {
  opening: '<tool_call>',
  objectAt: 11,
  closing: '</tool_call>',
  argumentsKey: 'arguments',
  isMarked: true,
} as const;

/** Hermes, Qwen and many others: `<tool_call>{"name": …, "arguments": {…}}</tool_call>`. */
export const HERMES: CallFormat = { ...MARKED, isNative: true };

/** What models are asked to write whose template knows no tools, or writes calls in a form that is not known here. */
export const GENERIC: CallFormat = { ...MARKED, isNative: false };

/** Llama 3: the answer is nothing but `{"name": …, "parameters": {…}}`. */
export const LLAMA: CallFormat = {
  opening: '{"name": "',
  objectAt: 0,
  closing: '',
  argumentsKey: 'parameters',
  isMarked: false,
  isNative: true,
};

/** The form that a chat template teaches. */
export function detectCallFormat(template: string): CallFormat {
  if (!/\btools\b/.test(template)) return GENERIC;
  // Some write XML inside of the same tags.
  if (template.includes('<tool_call>') && !template.includes('<function=') && template.includes('arguments'))
    return HERMES;
  return /"name\\?": [^\n]{0,120}"parameters\\?": /.test(template) ? LLAMA : GENERIC;
}
