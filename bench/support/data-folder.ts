/** A data folder that is ready for a server: an account with a key and money, and an operator. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mintAdminKey } from '#server/accounts/admin-key.js';
import { newId } from '#server/accounts/api-key.js';
import { issueKey } from '#server/accounts/issue-key.js';
import { readAmount } from '#server/ledger/money.js';
import { systemClock } from '#server/observe/clock.js';
import { type Access, openAccess } from '#server/store/open-access.js';

export interface DataFolder {
  readonly dataDir: string;
  readonly accountId: string;
  readonly key: string;
  readonly adminKey: string;
  /** The configuration file in it. */
  readonly configPath: string;
}

/** Who makes changes here, in the audit trail. */
const ACTOR = 'bench';

/** Fills a folder, which is made when it does not exist. `settings` are those of `plumb.yaml`. */
export async function prepareDataFolder(dataDir: string, settings: object): Promise<DataFolder> {
  const access = await openAccess({ dataDir, clock: systemClock });
  try {
    await access.administration.funds.useCurrency('USD');
    const { account, key } = await issueKey(access, { accountName: 'bench', name: 'bench' });
    await addMoney(access, account.id);
    const adminKey = await createAdminKey(access);
    const configPath = join(dataDir, 'plumb.yaml');
    // JSON is YAML.
    await writeFile(configPath, JSON.stringify(settings));
    return { dataDir, accountId: account.id, key, adminKey, configPath };
  } finally {
    await access.close();
  }
}

async function addMoney({ administration, clock }: Access, accountId: string): Promise<void> {
  const addition = {
    kind: 'grant',
    accountId,
    amount: readAmount('1000000'),
    currency: 'USD',
    reference: ACTOR,
  } as const;
  await administration.funds.addFunds(addition, { actor: ACTOR, at: clock.now() });
}

async function createAdminKey({ administration, hasher, clock }: Access): Promise<string> {
  const key = mintAdminKey();
  const createdAt = clock.now();
  const newKey = { id: newId('adminkey'), name: ACTOR, hash: hasher.hash(key), lastFour: key.slice(-4), createdAt };
  await administration.adminKeys.createAdminKey(newKey, { actor: ACTOR, at: createdAt });
  return key;
}
