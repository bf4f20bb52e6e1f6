/** Writes a request as a command that repeats it, with `$KEY` in place of the key. */
import type { SentRequest } from './exchange.js';

/** A longer body would bury the rest of a report. */
const BODY_CHARACTERS_MAX = 4000;

/** One line for a POSIX shell. */
export function renderCurl({ method, url, headers, body }: SentRequest): string {
  const words = ['curl', '-sSiN', ...(method === 'GET' ? [] : ['-X', method]), quote(url)];
  for (const [name, value] of Object.entries(headers)) words.push('-H', quoteHeader(`${name}: ${value}`));
  if (body === undefined) return words.join(' ');
  if (body.length <= BODY_CHARACTERS_MAX) return [...words, '--data-raw', quote(body)].join(' ');
  return [...words, '--data-binary', '@-', `# a body of ${body.length} characters, left out here`].join(' ');
}

function quote(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The shell puts the key in. No header of the suite has another sign that means something to it. */
function quoteHeader(header: string): string {
  return `"${header}"`;
}
