/** Forms in which the name of a call comes first, between markers, and then its arguments as JSON. */
import type { CallForm } from '../call-form.js';
import { CALL_ID, LINE, type Markup, mark, rarely, SPACE } from '../markup.js';

const NAMED = { isWholeAnswer: false, argumentTags: undefined, isNative: true } as const;

const TOOL_CALLS = mark('[TOOL_CALLS]');

/** Mistral from Small 3.2 on: `[TOOL_CALLS]name[ARGS]{…}`, again and again; some have `[CALL_ID]` and an id between. */
export const MISTRAL_NAMED: CallForm = {
  ...NAMED,
  opening: [TOOL_CALLS],
  beforeName: [SPACE],
  afterName: [rarely(mark('[CALL_ID]'), CALL_ID), mark('[ARGS]'), SPACE],
  afterArguments: [],
  beforeNext: [SPACE, TOOL_CALLS],
  closing: [],
  hasShortIds: true,
};

const CALL_BEGIN = mark('<｜tool▁call▁begin｜>');
const SEPARATOR = mark('<｜tool▁sep｜>');
const CALL_END = mark('<｜tool▁call▁end｜>');

const DEEPSEEK = {
  ...NAMED,
  opening: [mark('<｜tool▁calls▁begin｜>')],
  closing: [SPACE, mark('<｜tool▁calls▁end｜>')],
  hasShortIds: false,
} as const;

const FUNCTION: Markup = [CALL_BEGIN, 'function', SEPARATOR];

/** DeepSeek V3, R1 and what was distilled from it: the kind of the tool, then its name, and JSON in a code block. */
export const DEEPSEEK_V3: CallForm = {
  ...DEEPSEEK,
  beforeName: [SPACE, ...FUNCTION],
  afterName: [LINE, '```json', LINE],
  afterArguments: [LINE, '```', SPACE, CALL_END],
  beforeNext: [LINE, ...FUNCTION],
};

/** DeepSeek V3.1: the same markers around a name and bare JSON. */
export const DEEPSEEK_V31: CallForm = {
  ...DEEPSEEK,
  beforeName: [SPACE, CALL_BEGIN],
  afterName: [SEPARATOR, SPACE],
  afterArguments: [SPACE, CALL_END],
  beforeNext: [SPACE, CALL_BEGIN],
};
