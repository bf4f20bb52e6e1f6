/** What there is to know of a form in which models write calls of tools. */
import { type Markup, markersIn } from './markup.js';

/**
 * How calls are written: `opening`, `beforeName`, a name, `afterName`, arguments, `afterArguments`; then again from
 * `beforeNext` on for each further call; and `closing`.
 */
export interface CallForm {
  /** What tells calls from words. */
  readonly opening: Markup;
  /** Whether calls are only such where nothing comes before them. */
  readonly isWholeAnswer: boolean;
  readonly beforeName: Markup;
  readonly afterName: Markup;
  /** JSON, unless each argument has tags of its own. */
  readonly argumentTags: ArgumentTags | undefined;
  readonly afterArguments: Markup;
  /** What stands before the name of a further call; undefined where an answer has one call at most. */
  readonly beforeNext: Markup | undefined;
  readonly closing: Markup;
  /** Whether chat templates of this form refuse ids of calls that are not of `CALL_ID_LENGTH` letters and digits. */
  readonly hasShortIds: boolean;
  /** Whether models of this form learn of tools and results by their chat template. */
  readonly isNative: boolean;
}

/**
 * How arguments are written one by one: `opening`, a name, `beforeText` or `beforeJson`, the value, `afterValue`,
 * `closing`, `after`. A value that is a string is written as it is, all others as JSON.
 */
export interface ArgumentTags {
  readonly opening: Markup;
  readonly beforeText: Markup;
  /** Where it is the same as `beforeText`, the schema alone tells what a value is. */
  readonly beforeJson: Markup;
  readonly afterValue: string;
  /** No text contains it. Its first character comes in it only once. */
  readonly closing: Markup;
  readonly after: Markup;
}

/** The markers of a form: what models write as one token where they have it. */
export function markersOf(form: CallForm): Set<string> {
  const { opening, beforeName, afterName, argumentTags: tags, afterArguments, beforeNext = [], closing } = form;
  const inTags = tags === undefined ? [] : [...tags.opening, ...tags.beforeText, ...tags.beforeJson, ...tags.closing];
  return new Set(
    markersIn([...opening, ...beforeName, ...afterName, ...inTags, ...afterArguments, ...beforeNext, ...closing]),
  );
}
