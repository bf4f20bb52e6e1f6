/** The Hugging Face hub: where a file of a repository is, and what the hub promises of it. */
import { type HttpAnswer, openHttp, statusError } from './http.js';
import { ModelError } from './model-error.js';
import { retryInterrupted } from './retry.js';
import type { HuggingFaceSource } from './source.js';
import type { TransferContext } from './transfer.js';

/** The public hub; `HF_ENDPOINT` names a mirror. */
const DEFAULT_ENDPOINT = 'https://huggingface.co';

/** A file of the hub, ready to be fetched. */
export interface HubFile {
  readonly url: string;
  /** SHA-256 of the file in lower-case hex, where the hub keeps it in large-file storage. */
  readonly sha256: string | undefined;
  readonly bytes: number | undefined;
  readonly authorization: string | undefined;
}

/**
 * Asks the hub about a file, with the token in `HF_TOKEN` where there is one. The URL names the commit, so that all
 * further requests see the same file. Throws a ModelError `not_found`, `not_allowed`, `unreachable`, `interrupted` or
 * `bad_source` for an `HF_ENDPOINT` that is no URL.
 */
export async function findHubFile(source: HuggingFaceSource, context: TransferContext): Promise<HubFile> {
  const endpoint = readEndpoint(context.environment);
  const token = context.environment.HF_TOKEN;
  const authorization = token === undefined || token === '' ? undefined : `Bearer ${token}`;
  const url = resolveUrl(endpoint, source, source.revision ?? 'main');
  const answer = await retryInterrupted(() => ask(url, source, authorization, context), context);
  try {
    return describeFile(answer.response, endpoint, source, authorization, url);
  } finally {
    await answer.close();
  }
}

async function ask(
  url: string,
  source: HuggingFaceSource,
  authorization: string | undefined,
  context: TransferContext,
): Promise<HttpAnswer> {
  // The hub describes a large file in the answer that redirects to its storage; the storage does not.
  const follow = (response: Response) => !response.headers.has('x-linked-etag');
  const headers = { 'accept-encoding': 'identity' };
  const answer = await openHttp({ url, method: 'HEAD', headers, authorization, follow }, context);
  const { response } = answer;
  // A mirror that does not know HEAD can still send the file; 3xx is the redirect that was not followed.
  if (response.status < 400 || response.status === 405 || response.status === 501) return answer;
  await answer.close();
  throw describeRefusal(response, source, authorization !== undefined, context);
}

function describeFile(
  response: Response,
  endpoint: string,
  source: HuggingFaceSource,
  authorization: string | undefined,
  askedUrl: string,
): HubFile {
  const commit = response.headers.get('x-repo-commit') ?? '';
  const tag = (response.headers.get('x-linked-etag') ?? '').replace(/^(W\/)?"|"$/g, '').toLowerCase();
  const size = response.headers.get('x-linked-size') ?? '';
  return {
    url: /^[0-9a-f]{40}$/.test(commit) ? resolveUrl(endpoint, source, commit) : askedUrl,
    sha256: /^[0-9a-f]{64}$/.test(tag) ? tag : undefined,
    bytes: /^\d+$/.test(size) ? Number(size) : undefined,
    authorization,
  };
}

function describeRefusal(
  response: Response,
  source: HuggingFaceSource,
  hasToken: boolean,
  context: TransferContext,
): ModelError {
  const code = response.headers.get('x-error-code') ?? '';
  const repository = `${source.owner}/${source.repository}`;
  if (code === 'GatedRepo') {
    const advice = hasToken
      ? 'Ask for access on its page with the account of HF_TOKEN.'
      : 'Ask for access on its page and set HF_TOKEN to a token of that account.';
    return new ModelError('not_allowed', `${repository} is open only to those whom its owners admit. ${advice}`);
  }
  if (code === 'EntryNotFound') {
    return new ModelError('not_found', `${repository} has no file ${source.path} at ${source.revision ?? 'main'}.`);
  }
  if (code === 'RevisionNotFound') {
    return new ModelError('not_found', `${repository} has no revision ${source.revision ?? 'main'}.`);
  }
  // The hub answers 401 for repositories that do not exist, so as not to tell about private ones.
  if (code === 'RepoNotFound' || response.status === 401) {
    const advice = hasToken ? 'HF_TOKEN may not see it' : 'it is private and HF_TOKEN is not set';
    return new ModelError('not_found', `There is no repository ${repository} on the hub, or ${advice}.`);
  }
  return statusError(response, source.text, context);
}

function readEndpoint(environment: NodeJS.ProcessEnv): string {
  const endpoint = environment.HF_ENDPOINT || DEFAULT_ENDPOINT;
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) {
    throw new ModelError('bad_source', `HF_ENDPOINT is "${endpoint}", which is no http:// or https:// URL.`);
  }
  return endpoint.replace(/\/+$/, '');
}

function resolveUrl(endpoint: string, source: HuggingFaceSource, revision: string): string {
  const path = source.path.split('/').map(encodeURIComponent).join('/');
  return `${endpoint}/${source.owner}/${source.repository}/resolve/${encodeURIComponent(revision)}/${path}`;
}
