/** What the tests of downloads share: a server, a folder, a context, and a download between them. */
import { join } from 'node:path';
import { type DownloadRequest, downloadFile } from '#server/models/download.js';
import { checkGguf } from '#server/models/gguf.js';
import type { ModelProgress } from '#server/models/transfer.js';
import { type FileServer, type Step, startFileServer } from './file-server.js';
import { createContext, createTestFolder, ggufBytes, type TestContext } from './fixtures.js';

/** The file that the server has at the beginning. */
export const DOWNLOAD_CONTENT = ggufBytes(10_000);

/** A download from a server that follows steps, into a folder of its own. */
export interface Setting {
  readonly server: FileServer;
  readonly folder: string;
  readonly destination: string;
  readonly context: TestContext;
  /** Downloads the file of the server. */
  download(changes?: Partial<DownloadRequest>): ReturnType<typeof downloadFile>;
}

/** Runs the body with a server that begins with these steps, and clears everything away afterwards. */
export async function withSetting(
  steps: readonly Step[],
  body: (setting: Setting) => Promise<void>,
  context: TestContext = createContext(),
): Promise<void> {
  await using server = await startFileServer(DOWNLOAD_CONTENT);
  await using folder = await createTestFolder();
  server.steps.push(...steps);
  const destination = join(folder.path, 'model.gguf');
  const request = {
    url: `${server.origin}/model.gguf`,
    destination,
    check: checkGguf,
  };
  const onProgress = (progress: ModelProgress) => {
    context.onProgress(progress);
    if (progress.kind === 'transfer') server.arrived(progress.doneBytes);
  };
  const download = (changes: Partial<DownloadRequest> = {}) =>
    downloadFile({ ...request, ...changes }, { ...context, onProgress });
  await body({ server, folder: folder.path, destination, context, download });
}

/** The `Range` header of every request. */
export function rangesOf(server: FileServer): (string | undefined)[] {
  return server.requests.map(({ headers }) => headers.range);
}
