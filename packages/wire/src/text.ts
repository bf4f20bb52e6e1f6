/** How a caller's own text is repeated in a message: never at full length, whatever was sent. */

/** The most characters of a caller's text that a message repeats. */
const MAX_QUOTED_CHARACTERS = 200;

/** The text, cut to `MAX_QUOTED_CHARACTERS` between whole characters, with an ellipsis where something is missing. */
export function shorten(text: string): string {
  if (text.length <= MAX_QUOTED_CHARACTERS) return text;
  const cut = text.slice(0, MAX_QUOTED_CHARACTERS);
  // A cut inside a surrogate pair would leave half a character, which cannot be sent as UTF-8.
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`;
}
