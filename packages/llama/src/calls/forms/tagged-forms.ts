/** Forms in which each argument has tags of its own, as in XML. */
import type { ArgumentTags, CallForm } from '../call-form.js';
import { LINE, type Markup, type MarkupPart, mark } from '../markup.js';

const TAGGED = { isWholeAnswer: false, hasShortIds: false, isNative: true } as const;

/**
 * Qwen3-Coder, Nemotron 3, Seed-OSS: `<function=name>` with a `<parameter=key>` for each argument, inside of one block a
 * call.
 *
 * @param block The name of the block's tags.
 * @param hasLines Whether values stand on lines of their own.
 */
export function functionTags(block: string, hasLines: boolean): CallForm {
  const line = hasLines ? '\n' : '';
  const before: Markup = [`>${line}`];
  const tags: ArgumentTags = {
    opening: ['<parameter='],
    beforeText: before,
    beforeJson: before,
    afterValue: line,
    closing: ['</parameter>'],
    after: [LINE],
  };
  const opening = mark(`<${block}>`);
  const beforeName: Markup = [LINE, '<function='];
  return {
    ...TAGGED,
    opening: [opening],
    beforeName,
    afterName: ['>', LINE],
    argumentTags: tags,
    afterArguments: ['</function>', LINE, mark(`</${block}>`)],
    beforeNext: [LINE, opening, ...beforeName],
    closing: [],
  };
}

const GLM_OPENING = mark('<tool_call>');
const GLM_BEFORE: Markup = [mark('</arg_key>'), LINE, mark('<arg_value>')];

/** GLM from 4.5 on: a bare name, then keys and values in turn. */
export const GLM: CallForm = {
  ...TAGGED,
  opening: [GLM_OPENING],
  beforeName: [],
  afterName: [LINE],
  argumentTags: {
    opening: [mark('<arg_key>')],
    beforeText: GLM_BEFORE,
    beforeJson: GLM_BEFORE,
    afterValue: '',
    closing: [mark('</arg_value>')],
    after: [LINE],
  },
  afterArguments: [mark('</tool_call>')],
  beforeNext: [LINE, GLM_OPENING],
  closing: [],
};

/** How the tags of `invokeTags` differ. */
export interface InvokeTags {
  readonly opening: Markup;
  readonly closing: Markup;
  /** What the names of the inner tags begin with. */
  readonly prefix: readonly MarkupPart[];
  /** Whether each value says whether it is a string. */
  readonly tellsStrings: boolean;
}

/** `<invoke name="…">` with a `<parameter name="…">` for each argument, all calls inside of one block. */
export function invokeTags({ opening, closing, prefix, tellsStrings }: InvokeTags): CallForm {
  const beforeName: Markup = [LINE, '<', ...prefix, 'invoke name="'];
  return {
    ...TAGGED,
    opening,
    beforeName,
    afterName: ['">', LINE],
    argumentTags: {
      opening: ['<', ...prefix, 'parameter name="'],
      beforeText: [tellsStrings ? '" string="true">' : '">'],
      beforeJson: [tellsStrings ? '" string="false">' : '">'],
      afterValue: '',
      closing: ['</', ...prefix, 'parameter>'],
      after: [LINE],
    },
    afterArguments: ['</', ...prefix, 'invoke>'],
    beforeNext: beforeName,
    closing: [LINE, ...closing],
  };
}

/** MiniMax M2. */
export const MINIMAX: CallForm = invokeTags({
  opening: [mark('<minimax:tool_call>')],
  closing: [mark('</minimax:tool_call>')],
  prefix: [],
  tellsStrings: false,
});

/** DeepSeek from V3.2 on. @param block `function_calls`; `tool_calls` from V4 on. */
export function dsml(block: string): CallForm {
  const name = mark('｜DSML｜');
  return invokeTags({
    opening: ['<', name, `${block}>`],
    closing: ['</', name, `${block}>`],
    prefix: [name],
    tellsStrings: true,
  });
}
