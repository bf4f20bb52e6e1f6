/** Finds the handler of a path and a method: a static table, looked up once per request. */
import { methodNotAllowed, notFound } from '@plumb/wire';
import { explainAbsent } from './absent.js';
import type { Handler, OpenHandler } from './handler.js';
import { OPEN_ROUTES, PREFIXES, ROUTES } from './routes.js';

/** A route that was found, with what `{id}` stood for. */
export interface Match {
  readonly handler: Handler;
  readonly id: string;
}

type Methods<H> = Readonly<Record<string, H>>;

const ID_SUFFIX = '{id}';
/** The longest piece of a path that an error repeats, in characters. */
const SHOWN_CHARACTERS_MAX = 128;

/** Answers without a key, or undefined where a key is needed. Throws 405 for a method that the path has not. */
export function findOpenRoute(method: string, path: string): OpenHandler | undefined {
  const methods = Object.hasOwn(OPEN_ROUTES, path) ? OPEN_ROUTES[path] : undefined;
  return methods === undefined ? undefined : pickMethod(methods, method);
}

/** The route of a path with a key. Throws 404 for an unknown path and 405 for a method that the path has not. */
export function findRoute(method: string, path: string): Match {
  const exact = EXACT.get(path);
  if (exact !== undefined) return { handler: pickMethod(exact, method), id: '' };
  for (const [prefix, methods] of WITH_ID) {
    if (!path.startsWith(prefix) || path.length === prefix.length) continue;
    return { handler: pickMethod(methods, method), id: decodeId(path.slice(prefix.length)) };
  }
  const absent = explainAbsent(path, PREFIXES);
  if (absent !== undefined) throw notFound(absent);
  throw notFound(`Nothing is served at ${path.slice(0, SHOWN_CHARACTERS_MAX)}: check the base URL and the path.`);
}

const EXACT: ReadonlyMap<string, Methods<Handler>> = new Map(spell((pattern) => !pattern.endsWith(ID_SUFFIX)));
const WITH_ID: readonly (readonly [string, Methods<Handler>])[] = spell((pattern) => pattern.endsWith(ID_SUFFIX)).map(
  ([path, methods]) => [path.slice(0, -ID_SUFFIX.length), methods] as const,
);

/** The chosen patterns under each prefix. */
function spell(choose: (pattern: string) => boolean): (readonly [string, Methods<Handler>])[] {
  return Object.entries(ROUTES)
    .filter(([pattern]) => choose(pattern))
    .flatMap(([pattern, methods]) => PREFIXES.map((prefix) => [`${prefix}${pattern}`, methods] as const));
}

function pickMethod<H>(methods: Methods<H>, method: string): H {
  const handler = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (handler === undefined) throw methodNotAllowed(Object.keys(methods));
  return handler;
}

function decodeId(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
