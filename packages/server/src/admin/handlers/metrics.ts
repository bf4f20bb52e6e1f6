/** What operators watch, for Prometheus. */
import type { AdminHandler } from '../handler.js';

export const showMetrics: AdminHandler = async ({ metrics, exchange }) => {
  exchange.sendText(200, metrics.contentType, await metrics.text());
};
