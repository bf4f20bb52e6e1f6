/** A folder for one test, gone when the test has ended. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** Makes an empty folder; it is removed with all that is in it after the test. */
export async function temporaryFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'plumb-test-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
