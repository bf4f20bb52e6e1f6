/**
 * The formats that are enforced, as expressions. Each matches a part of what its RFC allows, never more: lengths are
 * bounded and rare forms left out.
 */

const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const IPV4 = `(?:${OCTET}\\.){3}${OCTET}`;
const GROUP = '[0-9a-fA-F]{1,4}';

/** Days by month, and the 29th of February in the years that have one. */
const LEAP_YEAR = '(?:[0-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)';
const DATE =
  '(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|' +
  `02-(?:0[1-9]|1[0-9]|2[0-8]))|${LEAP_YEAR}-02-29)`;
const CLOCK = '(?:[01][0-9]|2[0-3]):[0-5][0-9]';
const TIME = `${CLOCK}:[0-5][0-9](?:\\.[0-9]{1,9})?(?:Z|[+-]${CLOCK})`;

/** At most 40 characters a label and 6 labels, which is within the 253 of a whole name. */
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,38}[a-zA-Z0-9])?';
const HOSTNAME = `${LABEL}(?:\\.${LABEL}){0,5}`;
const ATOM = '[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,14}[a-zA-Z0-9_])?';
const EMAIL = `${ATOM}(?:[.+]${ATOM}){0,2}@${LABEL}(?:\\.${LABEL}){0,2}\\.[a-zA-Z]{2,20}`;

/** The same without counting: right where the whole text is not longer than a label may be. */
const SHORT_MAX = 63;
const SHORT_LABEL = '[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*';
const SHORT_HOSTNAME = `${SHORT_LABEL}(?:\\.${SHORT_LABEL})*`;
const SHORT_EMAIL = `[a-zA-Z0-9_]+(?:[.+-][a-zA-Z0-9_]+)*@${SHORT_LABEL}(?:\\.${SHORT_LABEL})*\\.[a-zA-Z][a-zA-Z]+`;

const PATH_CHARACTER = "(?:[a-zA-Z0-9._~!$&'()*+,;=:@-]|%[0-9a-fA-F]{2})";
const PATH = `(?:/${PATH_CHARACTER}*)*`;
const QUERY = `(?:\\?(?:${PATH_CHARACTER}|[/?])*)?(?:#(?:${PATH_CHARACTER}|[/?])*)?`;
const URI = `[a-z][a-z0-9+.-]*:(?://${SHORT_HOSTNAME}(?::[0-9]{1,5})?${PATH}|${PATH_CHARACTER}+${PATH})${QUERY}`;
/** What an automaton that counts the characters of a URI has room for. */
const URI_MAX = 120;

const DURATION =
  'P(?:[0-9]{1,4}W|(?:[0-9]{1,4}D|[0-9]{1,4}M(?:[0-9]{1,4}D)?|[0-9]{1,4}Y(?:[0-9]{1,4}M(?:[0-9]{1,4}D)?)?)' +
  '(?:T[0-9]{1,4}[HMS])?|T[0-9]{1,4}[HMS])';

/** How a format is enforced. */
export interface Format {
  readonly source: string;
  /** What takes its place where `minLength` or `maxLength` count: a simpler one, for texts of at most `max` characters. */
  readonly short?: { readonly source: string; readonly max: number };
}

/** The formats by name. */
export const FORMATS: ReadonlyMap<string, Format> = new Map<string, Format>([
  ['date', { source: DATE }],
  ['time', { source: TIME }],
  ['date-time', { source: `${DATE}T${TIME}` }],
  ['duration', { source: DURATION }],
  ['uuid', { source: '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}' }],
  ['email', { source: EMAIL, short: { source: SHORT_EMAIL, max: SHORT_MAX } }],
  ['hostname', { source: HOSTNAME, short: { source: SHORT_HOSTNAME, max: SHORT_MAX } }],
  ['ipv4', { source: IPV4 }],
  ['ipv6', { source: ipv6() }],
  ['uri', { source: URI, short: { source: URI, max: URI_MAX } }],
]);

/** Eight groups, or fewer with one `::` for at least one group of zeros. */
function ipv6(): string {
  const forms = [`(?:${GROUP}:){7}${GROUP}`, '::'];
  for (let before = 0; before <= 7; before++) {
    const head = before === 0 ? ':' : `(?:${GROUP}:){${before}}`;
    const after = 7 - before;
    if (after === 0) forms.push(`${head}:`);
    else
      forms.push(
        `${head}:${before > 0 ? `(?:${GROUP}(?::${GROUP}){0,${after - 1}})?` : `${GROUP}(?::${GROUP}){0,${after - 1}}`}`,
      );
  }
  return `(?:${forms.join('|')})`;
}
