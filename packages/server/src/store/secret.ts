/** The secret of a data folder, under which keys are hashed; kept beside the database and never in it. */
import { createHmac, randomBytes } from 'node:crypto';
import { open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kysely, Transaction } from 'kysely';
import type { Tables } from './sql/schema.js';
import { StoreError } from './store-error.js';

/** The file in the data folder: 64 hex digits, readable by its owner alone. */
export const SECRET_FILE_NAME = 'secret';

/** Bytes of the secret: as many as SHA-256 gives, beyond which an HMAC gets no stronger (RFC 2104, section 3). */
const SECRET_BYTES = 32;

/**
 * Reads the secret of a data folder; makes it when there is none and none was ever used. The database remembers a check
 * value, because with another secret every key would be refused without a visible reason: a secret that is lost or
 * exchanged rejects with a StoreError `secret`. The write lock of the database is held meanwhile, so that of several
 * processes that start at once one makes the secret and the others read it.
 */
export async function openSecret(dataDir: string, database: Kysely<Tables>): Promise<Uint8Array> {
  const path = join(dataDir, SECRET_FILE_NAME);
  return database.transaction().execute(async (transaction) => {
    const check = await readCheck(transaction);
    const existing = await readSecret(path);
    if (existing === undefined && check !== undefined) throw lostSecret(path);
    const secret = existing ?? (await createSecret(path));
    if (check === undefined) await writeCheck(transaction, checkValueOf(secret));
    else if (check !== checkValueOf(secret)) throw otherSecret(path);
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
  if (text === undefined) return undefined;
  const digits = text.trim();
  if (digits.length !== 2 * SECRET_BYTES || !/^[0-9a-f]+$/.test(digits)) {
    throw new StoreError('secret', `${path} must hold ${2 * SECRET_BYTES} hex digits: put its backup in its place.`);
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
    `${path} is missing, and without it no key of this data folder can be recognised. Put its backup in its place, or ` +
      'move the whole data folder away to start with an empty one.',
  );
}

function otherSecret(path: string): StoreError {
  return new StoreError(
    'secret',
    `${path} is not the secret that the keys of this data folder were hashed with: put the right one in its place.`,
  );
}

function unavailable(path: string, error: unknown): StoreError {
  return new StoreError('unavailable', `${path} cannot be read or written: ${(error as Error).message}.`, error);
}
