/** Paths to handlers, and nothing else. */
import { serveCompletion } from '../dialects/completions/serve-completion.js';
import { serveEmbeddings } from '../dialects/embeddings/serve-embeddings.js';
import { serveChat } from '../inference/serve-chat.js';
import { serveBalance } from './balance.js';
import type { Handler, OpenHandler } from './handler.js';
import { serveHealth, serveReadiness } from './health.js';
import { serveModel, serveModels } from './models.js';
import { serveDocument, serveReference } from './reference.js';
import { withLimits } from './show-limits.js';

/** The prefixes under which the whole contract is served (contract section 1.1). */
export const PREFIXES = ['', '/v1', '/beta'] as const;

/** Without a key. */
export const OPEN_ROUTES: Readonly<Record<string, Readonly<Record<string, OpenHandler>>>> = {
  '/healthz': { GET: serveHealth, HEAD: serveHealth },
  '/readyz': { GET: serveReadiness, HEAD: serveReadiness },
  '/openapi.json': { GET: serveDocument, HEAD: serveDocument },
  '/docs': { GET: serveReference, HEAD: serveReference },
};

/** With a key, under every prefix. `{id}` stands for one path segment or more. */
export const ROUTES: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  '/chat/completions': { POST: serveChat },
  '/completions': { POST: serveCompletion },
  '/embeddings': { POST: serveEmbeddings },
  '/user/balance': { GET: withLimits(serveBalance) },
  '/models': { GET: withLimits(serveModels) },
  '/models/{id}': { GET: withLimits(serveModel) },
};
