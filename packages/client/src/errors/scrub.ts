/** Takes keys and what may be a prompt out of the words of an endpoint, before they are kept or shown. */

const REASON_CHARACTERS_MAX = 500;

export function scrub(words: string): string {
  return words
    .slice(0, 2000)
    .replace(/\b(?:sk|pk|key)-[\w*-]{6,}/g, 'sk-…')
    .replace(/\bBearer\s+\S+/gi, 'Bearer …')
    .replace(/(["'`])(?:(?!\1)[^\n]){40,}?\1/g, '$1…$1')
    .slice(0, REASON_CHARACTERS_MAX);
}
