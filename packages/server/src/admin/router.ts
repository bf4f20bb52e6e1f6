/** Finds the handler of an admin path and a method. */
import { methodNotAllowed, notFound } from '@plumb/wire';
import type { AdminHandler } from './handler.js';
import { ADMIN_PREFIX, ADMIN_ROUTES } from './routes.js';

/** A route that was found, with what `{id}` stood for. */
export interface AdminMatch {
  readonly handler: AdminHandler;
  readonly id: string;
}

/** The longest piece of a path that an error repeats, in characters. */
const SHOWN_CHARACTERS_MAX = 128;

/** The route of a path. Throws 404 for an unknown path and 405 for a method that the path has not. */
export function findAdminRoute(method: string, path: string): AdminMatch {
  if (path.startsWith(`${ADMIN_PREFIX}/`)) {
    const segments = path.slice(ADMIN_PREFIX.length).split('/');
    for (const [pattern, methods] of Object.entries(ADMIN_ROUTES)) {
      const id = match(pattern.split('/'), segments);
      if (id !== undefined) return { handler: pickMethod(methods, method), id };
    }
  }
  throw notFound(`Nothing is served at ${path.slice(0, SHOWN_CHARACTERS_MAX)}: see docs/guide/admin-api.md.`);
}

/** What `{id}` stands for, empty where the pattern has none; undefined for a path of another form. */
function match(pattern: readonly string[], segments: readonly string[]): string | undefined {
  if (pattern.length !== segments.length) return undefined;
  let id = '';
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (expected === '{id}') id = decode(segment);
    if (expected === '{id}' ? !/^\P{Cc}+$/u.test(id) : expected !== segment) return undefined;
  }
  return id;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function pickMethod(methods: Readonly<Record<string, AdminHandler>>, method: string): AdminHandler {
  const handler = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (handler === undefined) throw methodNotAllowed(Object.keys(methods));
  return handler;
}
