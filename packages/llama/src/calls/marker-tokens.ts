/**
 * The markers of calls that are tokens of the model. Many are control tokens, which have no text of their own; these have
 * theirs, because calls are found by it.
 */
import type { MarkerTokens } from '../grammar/write-gbnf.js';
import type { SpecialToken } from '../native/native-model.js';
import type { TokenBytes } from '../native/token-bytes.js';
import { type CallForm, markersOf } from './call-form.js';

/** @param endTokens The tokens that end a turn: those end it, whatever they are called. */
export function findMarkers(
  form: CallForm,
  specialTokens: readonly SpecialToken[],
  endTokens: ReadonlySet<number>,
): MarkerTokens {
  const markers = markersOf(form);
  const found = specialTokens.filter(({ token, text }) => markers.has(text) && !endTokens.has(token));
  return new Map(found.map(({ token, text }) => [text, token]));
}

/** The bytes of tokens, with those of markers. */
export function withMarkers(tokenBytes: TokenBytes, markers: MarkerTokens): TokenBytes {
  const bytes = new Map([...markers].map(([text, token]) => [token, Buffer.from(text)]));
  return (token) => bytes.get(token) ?? tokenBytes(token);
}
