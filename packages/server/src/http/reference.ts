/** `GET /openapi.json` and `GET /docs`: the reference of this server; no key needed. */
import { pagePolicy } from '../openapi/reference.js';
import type { OpenHandler } from './handler.js';

export const serveDocument: OpenHandler = ({ exchange, platform }) => {
  // Tools that run in a browser read it from elsewhere; there is nothing in it that is not public.
  exchange.setHeaders({ 'access-control-allow-origin': '*' });
  exchange.sendJson(200, platform.reference.document);
};

export const serveReference: OpenHandler = ({ exchange, platform }) => {
  exchange.setHeaders({ 'content-security-policy': pagePolicy(), 'referrer-policy': 'no-referrer' });
  exchange.sendText(200, 'text/html; charset=utf-8', platform.reference.page);
};
