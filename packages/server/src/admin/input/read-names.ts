/** Names that have to be allowed, or have to be known. */
import { NameError, readName } from '../../accounts/account.js';
import { AdministrationError } from '../../accounts/administration-error.js';
import type { Tiers } from '../../accounts/tier.js';
import type { Catalog } from '../../catalog/catalog.js';
import { nearestName } from '../../config/nearest-name.js';
import { invalid } from './read-fields.js';

/** A name that an account or a key can have. Throws an AdministrationError `invalid`. */
export function readNewName(name: string, what: 'account' | 'key'): string {
  try {
    return readName(name, what);
  } catch (error) {
    if (error instanceof NameError) throw invalid(error.message, { cause: error });
    throw error;
  }
}

/** What ids of accounts look like; names that did would be taken for ids. */
const ACCOUNT_ID = /^acct_[0-9A-Za-z]{16}$/;

/** A name that an account can have. Throws an AdministrationError `invalid`. */
export function readNewAccountName(name: string): string {
  const read = readNewName(name, 'account');
  if (ACCOUNT_ID.test(read)) throw invalid(`"${read}" looks like the id of an account: choose another name.`);
  return read;
}

/** The name of a tier of the configuration. Throws an AdministrationError `invalid`. */
export function readTier(name: string, tiers: Tiers): string {
  if (tiers.has(name)) return name;
  throw unknown(
    `There is no tier "${name}"`,
    name,
    tiers.list().map((tier) => tier.name),
  );
}

/** The ids of models of the catalogue, each once, aliases resolved. Throws an AdministrationError `invalid`. */
export function readModels(names: readonly string[], catalog: Catalog): string[] {
  return [...new Set(names.map((name) => readModel(name, catalog)))];
}

function readModel(name: string, { entries }: Catalog): string {
  const entry = entries.find(({ id, aliases }) => id === name || aliases.includes(name));
  if (entry !== undefined) return entry.id;
  throw unknown(
    `There is no model "${name}"`,
    name,
    entries.map(({ id }) => id),
  );
}

function unknown(sentence: string, name: string, known: readonly string[]): AdministrationError {
  const meant = nearestName(name, known);
  return invalid(
    `${sentence}; ${meant === undefined ? `there are ${known.join(', ')}.` : `did you mean \`${meant}\`?`}`,
  );
}

/** Something that was asked for by a name or an id that nothing has. */
export function notThere(what: string, name: string): AdministrationError {
  return new AdministrationError('not_found', `There is no ${what} ${printable(name)}.`);
}

function printable(name: string): string {
  return name.slice(0, 64).replace(/\p{C}/gu, '\u{FFFD}');
}
