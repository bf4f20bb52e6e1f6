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
const DOMAIN = `${LABEL}(?:\\.${LABEL}){0,4}\\.[a-zA-Z]{2,20}`;
const ATOM = '[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,14}[a-zA-Z0-9_])?';

const PATH_CHARACTER = "(?:[a-zA-Z0-9._~!$&'()*+,;=:@-]|%[0-9a-fA-F]{2})";
const PATH = `(?:/${PATH_CHARACTER}*)*`;
const QUERY = `(?:\\?(?:${PATH_CHARACTER}|[/?])*)?(?:#(?:${PATH_CHARACTER}|[/?])*)?`;
const AUTHORITY = `//${HOSTNAME}(?::[0-9]{1,5})?`;
/** The expressions, by the name of the format. */
export const FORMATS: ReadonlyMap<string, string> = new Map([
  ['date', DATE],
  ['time', TIME],
  ['date-time', `${DATE}T${TIME}`],
  [
    'duration',
    'P(?:[0-9]{1,4}W|(?:[0-9]{1,4}D|[0-9]{1,4}M(?:[0-9]{1,4}D)?|[0-9]{1,4}Y(?:[0-9]{1,4}M(?:[0-9]{1,4}D)?)?)(?:T[0-9]{1,4}[HMS])?|T[0-9]{1,4}[HMS])',
  ],
  ['uuid', '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}'],
  ['email', `${ATOM}(?:[.+]${ATOM}){0,3}@${DOMAIN}`],
  ['hostname', HOSTNAME],
  ['ipv4', IPV4],
  ['ipv6', ipv6()],
  ['uri', `[a-z][a-z0-9+.-]{0,19}:(?:${AUTHORITY}${PATH}|${PATH_CHARACTER}+${PATH})${QUERY}`],
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
