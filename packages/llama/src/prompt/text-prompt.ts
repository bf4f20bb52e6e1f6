/** The prompt of a text completion: the text as it is, or the parts around a gap, marked as the model was trained on. */
import { invalidRequest } from '@plumb/wire';
import type { TextPrompt } from '../link/index.js';
import type { NativeModel } from '../native/native-model.js';
import type { PromptPiece } from './marker-guard.js';

/** A part of a prompt: a token of the model, or text of a caller. */
export type TextPart = number | PromptPiece;

/**
 * The parts of a prompt, in order. What a caller sends is text, whatever it looks like.
 *
 * @throws ApiError invalid_request when there is a suffix and the model has no tokens to mark it with.
 */
export function textParts({ prompt, suffix }: TextPrompt, model: Pick<NativeModel, 'infillTokens'>): TextPart[] {
  const before = { text: prompt, trusted: false };
  if (suffix === undefined) return [before];
  const tokens = model.infillTokens;
  if (tokens === undefined) throw invalidRequest(NO_INFILL);
  return [tokens.prefix, before, tokens.suffix, { text: suffix, trusted: false }, tokens.middle];
}

const NO_INFILL =
  'This model cannot fill in the middle: its vocabulary has no tokens for it. ' +
  'Send the prompt without a suffix, or use a model that was trained to fill in, as most code models are.';
