/** A stub upstream and a data folder, for as long as one part of the benchmark takes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DataFolder, prepareDataFolder } from '../support/data-folder.js';
import { benchPath, startProgram } from '../support/programs.js';
import { makeSettings } from './settings.js';

/** Runs `use` on a new data folder whose only engine is a stub; both are gone afterwards. */
export async function withScene<Result>(use: (folder: DataFolder) => Promise<Result>): Promise<Result> {
  const dataDir = await mkdtemp(join(tmpdir(), 'plumb-memory-'));
  const stub = await startProgram({ path: benchPath('support/stub-program.js') });
  try {
    return await use(await prepareDataFolder(dataDir, makeSettings(stub.line)));
  } finally {
    await stub.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
