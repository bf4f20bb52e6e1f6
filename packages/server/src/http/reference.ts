/** `GET /openapi.json` and `GET /docs`: the reference of this server; no key needed. */
import type { OpenHandler } from './handler.js';

export const serveDocument: OpenHandler = async ({ exchange, platform }) => {
  const { document } = await platform.reference();
  // Tools that run in a browser read it from elsewhere; there is nothing in it that is not public.
  exchange.setHeaders({ 'access-control-allow-origin': '*' });
  exchange.sendJson(200, document);
};

export const serveReference: OpenHandler = async ({ exchange, platform }) => {
  const { page, pagePolicy } = await platform.reference();
  exchange.setHeaders({ 'content-security-policy': pagePolicy, 'referrer-policy': 'no-referrer' });
  exchange.sendText(200, 'text/html; charset=utf-8', page);
};
