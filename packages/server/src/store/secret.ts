/** The secret under which keys are hashed: in the data folder or handed in, beside the database and never in it. */
import { createHmac, randomBytes } from 'node:crypto';
import { open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Transaction } from 'kysely';
import type { Tables } from './sql/schema.js';
import type { SqlDatabase } from './sql/sql-database.js';
import { StoreError } from './store-error.js';

/** The file in the data folder: 64 hex digits, readable by its owner alone. */
export const SECRET_FILE_NAME = 'secret';

/** Bytes of the secret: as many as SHA-256 gives, beyond which an HMAC gets no stronger (RFC 2104, section 3). */
const SECRET_BYTES = 32;

/** The variable of the environment that can hold the secret, as errors call it. */
export const SECRET_VARIABLE = 'PLUMB_SECRET';

/** Where the secret comes from. */
export interface SecretSource {
  /** Absolute path of the folder with the secret's file. */
  readonly dataDir: string;
  /** The secret in hex digits; the file counts for nothing then. */
  readonly given?: string | undefined;
}

/**
 * Reads the secret; makes the file when there is none and no secret was ever used. The database remembers a check value,
 * because with another secret every key would be refused without a visible reason: a secret that is lost or exchanged
 * rejects with a StoreError `secret`. The setup of the database is locked meanwhile, so that of several processes that
 * start at once one makes the secret and the others find it, or hear that theirs is another one.
 */
export async function openSecret(
  { dataDir, given }: SecretSource,
  { queries, flavor }: Pick<SqlDatabase, 'queries' | 'flavor'>,
): Promise<Uint8Array> {
  const path = join(dataDir, SECRET_FILE_NAME);
  return queries.transaction().execute(async (transaction) => {
    await flavor.lockSetup(transaction);
    const check = await readCheck(transaction);
    const existing = given === undefined ? await readSecret(path) : parseSecret(given, SECRET_VARIABLE);
    if (existing === undefined && check !== undefined) throw lostSecret(path);
    const secret = existing ?? (await createSecret(path));
    if (check === undefined) await writeCheck(transaction, checkValueOf(secret));
    else if (check !== checkValueOf(secret)) throw otherSecret(given === undefined ? path : SECRET_VARIABLE);
    return secret;
  });
}

async function readCheck(transaction: Transaction<Tables>): Promise<string | undefined> {
  const row = await transaction
    .selectFrom('facts')
    .select('value')
    .where('name', '=', 'secret_check')
    .executeTakeFirst();
  return row?.value;
}

async function writeCheck(transaction: Transaction<Tables>, value: string): Promise<void> {
  await transaction.insertInto('facts').values({ name: 'secret_check', value }).execute();
}

/** Tells secrets apart and gives nothing away of them. */
function checkValueOf(secret: Uint8Array): string {
  return createHmac('sha256', secret).update('plumb: which secret is this?').digest('hex');
}

async function readSecret(path: string): Promise<Uint8Array | undefined> {
  const text = await readText(path);
  return text === undefined ? undefined : parseSecret(text, path);
}

/** `place` is where the text comes from; the text itself is in no error. */
function parseSecret(text: string, place: string): Uint8Array {
  const digits = text.trim();
  if (digits.length !== 2 * SECRET_BYTES || !/^[0-9a-f]+$/i.test(digits)) {
    throw new StoreError('secret', `${place} must hold ${2 * SECRET_BYTES} hex digits: put its backup in its place.`);
  }
  return Buffer.from(digits, 'hex');
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unavailable(path, error);
  }
}

/** The file appears whole or not at all: a crash leaves at most a temporary file, which counts for nothing. */
async function createSecret(path: string): Promise<Uint8Array> {
  const secret = randomBytes(SECRET_BYTES);
  const temporary = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    await writeDurably(temporary, `${secret.toString('hex')}\n`);
    await rename(temporary, path);
    return secret;
  } catch (error) {
    await unlink(temporary).catch((unlinkError: NodeJS.ErrnoException) => {
      if (unlinkError.code !== 'ENOENT') throw unavailable(temporary, unlinkError);
    });
    throw unavailable(path, error);
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function lostSecret(path: string): StoreError {
  return new StoreError(
    'secret',
    `${path} is missing, and without it no key in the database can be recognised. Put its backup in its place, or the ` +
      `file of another server on the same database, or set ${SECRET_VARIABLE}. Starting over without it needs an empty ` +
      'database, too: move the whole data folder away, or create another database.',
  );
}

function otherSecret(place: string): StoreError {
  return new StoreError(
    'secret',
    `${place} is not the secret that the keys in the database were hashed with: put the right one in its place. ` +
      'All servers on one database need the same.',
  );
}

function unavailable(path: string, error: unknown): StoreError {
  return new StoreError('unavailable', `${path} cannot be read or written: ${(error as Error).message}.`, error);
}
