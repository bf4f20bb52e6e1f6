/** Masks the keys in a body: also those that come in pieces, as a model says them token by token. */
import { groupStrings, takeApart } from './body-parts.js';
import { maskSecrets } from './secrets.js';

/** A body of the same length in which no key is left. */
export function maskBody(body: Buffer, secrets: readonly string[]): Buffer {
  const masked = maskSecrets(body.toString('latin1'), secrets);
  const clean = Buffer.from(masked, 'latin1');
  for (const group of groupStrings(takeApart(masked).json)) {
    if (group.length < 2) continue;
    const text = group.map(({ start, end }) => masked.slice(start, end)).join('');
    const cleanText = maskSecrets(text, secrets);
    if (cleanText === text) continue;
    let at = 0;
    for (const { start, end } of group) {
      clean.write(cleanText.slice(at, at + end - start), start, 'latin1');
      at += end - start;
    }
  }
  return clean;
}
