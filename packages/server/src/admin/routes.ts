/** Paths of the admin API to handlers, and nothing else. */
import type { AdminHandler } from './handler.js';
import { changeAccount, createAccount, listAccounts, showAccount } from './handlers/accounts.js';
import { createAdminKey, listAdminKeys, revokeAdminKey } from './handlers/admin-keys.js';
import { listAudit } from './handlers/audit.js';
import { changeEngine, listEngines } from './handlers/engines.js';
import { addFault, clearFaults, listFaults, removeFault } from './handlers/faults.js';
import { addCredit, addGrant, checkLedger, listEntries } from './handlers/funds.js';
import { changeKey, createKey, listKeys, revokeKey, showKey } from './handlers/keys.js';
import { showMetrics } from './handlers/metrics.js';
import { reloadConfiguration } from './handlers/reload.js';
import { listTiers } from './handlers/tiers.js';
import { exportRecords, showUsage } from './handlers/usage.js';

/** Under this prefix. */
export const ADMIN_PREFIX = '/admin/v1';

/** `{id}` stands for one path segment. */
export const ADMIN_ROUTES: Readonly<Record<string, Readonly<Record<string, AdminHandler>>>> = {
  '/accounts': { GET: listAccounts, POST: createAccount },
  '/accounts/{id}': { GET: showAccount, PATCH: changeAccount },
  '/accounts/{id}/ledger': { GET: listEntries },
  '/accounts/{id}/credits': { POST: addCredit },
  '/accounts/{id}/grants': { POST: addGrant },
  '/keys': { GET: listKeys, POST: createKey },
  '/keys/{id}': { GET: showKey, PATCH: changeKey, DELETE: revokeKey },
  '/tiers': { GET: listTiers },
  '/usage': { GET: showUsage },
  '/usage/records': { GET: exportRecords },
  '/audit': { GET: listAudit },
  '/admin-keys': { GET: listAdminKeys, POST: createAdminKey },
  '/admin-keys/{id}': { DELETE: revokeAdminKey },
  '/engines': { GET: listEngines },
  '/engines/{id}': { PATCH: changeEngine },
  '/faults': { GET: listFaults, POST: addFault, DELETE: clearFaults },
  '/faults/{id}': { DELETE: removeFault },
  '/metrics': { GET: showMetrics },
  '/reload': { POST: reloadConfiguration },
  '/ledger/check': { GET: checkLedger },
};
