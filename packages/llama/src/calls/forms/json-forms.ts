/** Forms in which a call is a JSON object with its name and its arguments. */
import type { CallForm } from '../call-form.js';
import { BLANK, CALL_ID, COLON, LINE, type Markup, mark, rarely, SPACE } from '../markup.js';

const OBJECT_BEGIN: Markup = ['{', SPACE, '"name"', ...COLON, '"'];
const ARGUMENTS: Markup = ['",', BLANK, '"arguments"', ...COLON];

const JSON_ARGUMENTS = { isWholeAnswer: false, argumentTags: undefined, hasShortIds: false, isNative: true } as const;

const TAG = mark('<tool_call>');
const TAGGED_OBJECT: Markup = [LINE, ...OBJECT_BEGIN];

/** Hermes, Qwen and many others: `<tool_call>{"name": …, "arguments": {…}}</tool_call>`. */
export const HERMES: CallForm = {
  ...JSON_ARGUMENTS,
  opening: [TAG],
  beforeName: TAGGED_OBJECT,
  afterName: ARGUMENTS,
  afterArguments: [SPACE, '}', LINE, mark('</tool_call>')],
  beforeNext: [LINE, TAG, ...TAGGED_OBJECT],
  closing: [],
};

/** What models are asked to write whose template knows no tools, or writes calls in a form that is not known here. */
export const GENERIC: CallForm = { ...HERMES, isNative: false };

/** Llama 3: the answer is nothing but `{"name": …, "parameters": {…}}`. */
export const LLAMA: CallForm = {
  ...JSON_ARGUMENTS,
  isWholeAnswer: true,
  opening: ['{"name": "'],
  beforeName: [],
  afterName: ['",', BLANK, '"parameters"', ...COLON],
  afterArguments: [SPACE, '}'],
  beforeNext: undefined,
  closing: [],
};

/** Mistral up to Small 3.1: `[TOOL_CALLS] [{"name": …, "arguments": {…}, "id": …}, …]`. */
export const MISTRAL_LIST: CallForm = {
  ...JSON_ARGUMENTS,
  opening: [mark('[TOOL_CALLS]')],
  beforeName: [SPACE, '[', SPACE, ...OBJECT_BEGIN],
  afterName: ARGUMENTS,
  afterArguments: [rarely(',', BLANK, '"id"', ...COLON, '"', CALL_ID, '"'), SPACE, '}'],
  beforeNext: [',', BLANK, ...OBJECT_BEGIN],
  closing: [SPACE, ']'],
  hasShortIds: true,
};

/** Nemotron Nano 2: `<TOOLCALL>[{"name": …, "arguments": {…}}, …]</TOOLCALL>`. */
export const NEMOTRON_LIST: CallForm = {
  ...MISTRAL_LIST,
  opening: [mark('<TOOLCALL>')],
  afterArguments: [SPACE, '}'],
  closing: [SPACE, ']', SPACE, mark('</TOOLCALL>')],
  hasShortIds: false,
};
