/** What a starting server does with its data folder: opens it and makes the first key. Prints the key, if it got one. */
import { ensureFirstKey } from '#server/accounts/bootstrap.js';
import { systemClock } from '#server/observe/clock.js';
import { openAccess } from '#server/store/open-access.js';

const [dataDir = '', startAt = '0'] = process.argv.slice(2);
// Processes that wait for the same moment meet in the middle of their work.
while (Date.now() < Number(startAt));
const access = await openAccess({ dataDir, clock: systemClock });
const first = await ensureFirstKey(access);
await access.close();
if (first !== undefined) console.log(first.key);
